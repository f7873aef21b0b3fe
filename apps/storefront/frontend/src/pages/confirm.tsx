import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "wouter";
import { useSalon, useServices, useStaff, type Salon, type Service, type Staff } from "../api/queries";
import { momentOf } from "../lib/time";
import { SignedIn } from "../ui/sign-in";
import { Failed, Loading } from "../ui/states";
import { useTitle } from "../ui/title";
import type { Chosen } from "./confirm/chosen";
import type { Details } from "./confirm/details";
import { Offer } from "./confirm/offer";
import { Summary } from "./confirm/summary";
import NotFound from "./not-found";
import "../styles/confirm.css";

export default function Confirm({ slug, service }: { slug: string; service: string }) {
  const [query] = useSearchParams();
  const salon = useSalon(slug);
  const services = useServices(slug);
  const staff = useStaff(slug, service);
  const reads = [salon, services, staff];
  const failed = reads.find((read) => read.error && !read.data);

  if (services.data && !services.data.results.some(({ id }) => id === service)) return <NotFound />;
  if (failed?.error) return <Failed error={failed.error} again={() => reads.forEach((read) => void read.refetch())} />;
  if (!salon.data || !services.data || !staff.data) return <Loading />;
  const chosen = chosenOf(query, service, services.data.results, staff.data.results);
  return chosen ? <Page salon={salon.data} chosen={chosen} /> : <NotFound />;
}

function Page({ salon, chosen }: { salon: Salon; chosen: Chosen }) {
  const { t } = useTranslation();
  const [details, setDetails] = useState<Details>({ note: "", guest_name: "" });
  useTitle(t("confirm.title"));
  return (
    <div className="narrow confirm">
      <Summary salon={salon} chosen={chosen} />
      <SignedIn>
        <Offer salon={salon} chosen={chosen} details={details} change={setDetails} />
      </SignedIn>
    </div>
  );
}

function chosenOf(query: URLSearchParams, id: string, services: Service[], team: Staff[]): Chosen | undefined {
  const starts_at = momentOf(query.get("at"));
  const service = services.find((one) => one.id === id);
  if (!starts_at || !service) return undefined;
  const staff = query.get("staff") ?? undefined;
  const person = team.find((one) => one.id === staff);
  const own = person?.services.find((one) => one.id === id);
  return {
    choice: { service: id, staff, starts_at },
    serviceName: service.name,
    staffName: person?.name,
    minutes: own?.duration_minutes ?? service.duration_minutes,
  };
}

import { useTranslation } from "react-i18next";
import { Link, useLocation, useSearchParams } from "wouter";
import { useSalon, useServices, useStaff, type Salon, type Service, type Slot } from "../api/queries";
import { localDay } from "../lib/time";
import { SlotPicker } from "../ui/slot-picker";
import { Empty, Failed, Loading } from "../ui/states";
import { Money } from "../ui/text";
import { useTitle } from "../ui/title";
import NotFound from "./not-found";
import { offersOf, termsOf, type Terms } from "./times/offers";
import { Who } from "./times/who";

export default function Times({ slug, service: id }: { slug: string; service: string }) {
  const salon = useSalon(slug);
  const services = useServices(slug);
  const failed = [salon, services].find((one) => one.error && !one.data);
  if (failed?.error) return <Failed error={failed.error} again={() => void failed.refetch()} />;
  if (!salon.data || !services.data) return <Loading />;
  const service = services.data.results.find((one) => one.id === id);
  return service ? <TimesOf salon={salon.data} service={service} /> : <NotFound />;
}

function TimesOf({ salon, service }: { salon: Salon; service: Service }) {
  const { t } = useTranslation();
  const [place, navigate] = useLocation();
  const [query, setQuery] = useSearchParams();
  const staff = useStaff(salon.slug, service.id);
  useTitle(`${service.name} · ${salon.name}`);
  if (staff.isPending) return <Loading />;
  if (!staff.data) return <Failed error={staff.error} again={() => void staff.refetch()} />;

  const people = offersOf(staff.data.results, service.id);
  const chosen = people.find(({ person }) => person.id === query.get("staff"));
  const named = chosen ? { staff: chosen.person.id } : {};
  const terms = termsOf((chosen ? [chosen] : people).map(({ offer }) => offer));

  function choose(id: string | undefined) {
    setQuery(id ? { staff: id } : {}, { replace: true });
  }

  function pick({ starts_at }: Slot) {
    // Whoever comes back finds the day again.
    setQuery({ ...named, day: localDay(starts_at, salon.timezone) }, { replace: true });
    navigate(`${place}confirm/?${new URLSearchParams({ ...named, at: starts_at })}`);
  }

  return (
    <>
      <Head salon={salon} service={service} terms={terms} />
      {terms ? (
        <>
          <Who people={people} chosen={chosen?.person.id} onChoose={choose} />
          <SlotPicker
            slug={salon.slug}
            zone={salon.timezone}
            service={service.id}
            staff={chosen?.person.id}
            day={query.get("day") ?? undefined}
            onPick={pick}
          />
        </>
      ) : (
        <Empty>{t("times.nobody")}</Empty>
      )}
    </>
  );
}

function Head({ salon, service, terms }: { salon: Salon; service: Service; terms: Terms | undefined }) {
  const { t } = useTranslation();
  return (
    <header>
      <Link href={`/salons/${salon.slug}/`} className="up">
        <span aria-hidden="true">‹</span> {salon.name}
      </Link>
      <h1>{service.name}</h1>
      {terms && (
        <p className="soft">
          {t("minutes", { count: terms.minutes })} · {terms.from && `${t("times.from")} `}
          <Money amount={terms.price} />
        </p>
      )}
      {service.description && <p>{service.description}</p>}
    </header>
  );
}

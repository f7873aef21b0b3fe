import { useTranslation } from "react-i18next";
import { useReviews, useSalon, useServices, useStaff } from "../api/queries";
import { Failed, Loading } from "../ui/states";
import { useTitle } from "../ui/title";
import { Head } from "./salon/head";
import { Reviews } from "./salon/reviews";
import { Rules } from "./salon/rules";
import { Services } from "./salon/services";
import { Team } from "./salon/team";
import "../styles/salons.css";

export default function Salon({ slug }: { slug: string }) {
  const { t } = useTranslation();
  const salon = useSalon(slug);
  const services = useServices(slug);
  const staff = useStaff(slug);
  const reviews = useReviews(slug);
  useTitle(salon.data?.name);
  if (salon.isPending) return <Loading />;
  if (!salon.data) return <Failed error={salon.error} again={() => void salon.refetch()} />;

  return (
    <div className="one-salon">
      <Head salon={salon.data} />
      <Rules salon={salon.data} />
      <section>
        <h2>{t("salon.services")}</h2>
        {services.isPending && <Loading />}
        {services.isError && <Failed error={services.error} again={() => void services.refetch()} />}
        {services.data && <Services salon={salon.data} services={services.data.results} />}
      </section>
      {staff.isError && <Failed error={staff.error} again={() => void staff.refetch()} />}
      {staff.data && <Team people={staff.data.results} />}
      {reviews.isError && <Failed error={reviews.error} again={() => void reviews.refetch()} />}
      {reviews.data && <Reviews reviews={reviews.data.results} zone={salon.data.timezone} />}
    </div>
  );
}

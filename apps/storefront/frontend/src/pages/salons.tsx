import { useTranslation } from "react-i18next";
import { useSearchParams } from "wouter";
import { useSalons } from "../api/queries";
import { Empty, Failed, Loading } from "../ui/states";
import { useTitle } from "../ui/title";
import { SalonCard } from "./salons/card";
import { Filters } from "./salons/filters";
import { askedIn } from "./salons/search";
import "../styles/salons.css";

export function Salons() {
  const { t } = useTranslation();
  const [query, setQuery] = useSearchParams();
  const asked = askedIn(query);
  const salons = useSalons(asked);
  useTitle(undefined);

  return (
    <>
      <h1>{t("salons.title")}</h1>
      <Filters asked={asked} />
      {salons.isPending && <Loading />}
      {salons.isError && <Failed error={salons.error} again={() => void salons.refetch()} />}
      {salons.data && (
        <>
          <p className="soft" role="status">
            {t("salons.count", { count: salons.data.count })}
          </p>
          <ul className="plain salons" aria-busy={salons.isPlaceholderData}>
            {salons.data.results.map((salon) => (
              <SalonCard key={salon.slug} salon={salon} />
            ))}
          </ul>
          {salons.data.next && <p className="soft">{t("salons.more")}</p>}
        </>
      )}
      {salons.data?.count === 0 && (
        <Empty>
          <p>{t("salons.none")}</p>
          <button type="button" className="button quiet" onClick={() => setQuery({}, { replace: true })}>
            {t("salons.all")}
          </button>
        </Empty>
      )}
    </>
  );
}

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
  const pages = salons.data?.pages ?? [];
  useTitle(undefined);

  return (
    <>
      <h1>{t("salons.title")}</h1>
      <Filters asked={asked} />
      {salons.isPending && <Loading />}
      {salons.isError && <Failed error={salons.error} again={() => void salons.refetch()} />}
      {pages[0] && (
        <>
          <p className="soft" role="status">
            {t("salons.count", { count: pages[0].count })}
          </p>
          <ul className="plain salons" aria-busy={salons.isPlaceholderData}>
            {pages
              .flatMap(({ results }) => results)
              .map((salon) => (
                <SalonCard key={salon.slug} salon={salon} />
              ))}
          </ul>
          {salons.hasNextPage && (
            <button
              type="button"
              className="button quiet wide"
              disabled={salons.isFetchingNextPage}
              onClick={() => void salons.fetchNextPage()}
            >
              {t("salons.more")}
            </button>
          )}
        </>
      )}
      {pages[0]?.count === 0 && (
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

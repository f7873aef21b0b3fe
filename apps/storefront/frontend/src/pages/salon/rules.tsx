import { useTranslation } from "react-i18next";
import type { Salon } from "../../api/queries";
import { rulesOf } from "./terms";

export function Rules({ salon }: { salon: Salon }) {
  const { t } = useTranslation();
  return (
    <section className="card rules" aria-labelledby="rules">
      <h2 id="rules">{t("rules.title")}</h2>
      <ul>
        {rulesOf(salon).map(([sentence, numbers]) => (
          <li key={sentence}>{t(`rules.${sentence}`, numbers ?? {})}</li>
        ))}
      </ul>
    </section>
  );
}

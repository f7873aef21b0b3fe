import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useTitle } from "../ui/title";

export default function NotFound() {
  const { t } = useTranslation();
  useTitle(t("missing.title"));
  return (
    <section className="narrow">
      <h1>{t("missing.title")}</h1>
      <p>{t("missing.advice")}</p>
      <Link href="/" className="button">
        {t("missing.home")}
      </Link>
    </section>
  );
}

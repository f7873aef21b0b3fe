import { useEffect } from "react";
import { useTranslation } from "react-i18next";

/** The title of the browser's tab, read aloud when a page opens. */
export function useTitle(title: string | undefined): void {
  const { t } = useTranslation();
  const brand = t("brand");
  useEffect(() => {
    document.title = title ? `${title} · ${brand}` : brand;
  }, [title, brand]);
}

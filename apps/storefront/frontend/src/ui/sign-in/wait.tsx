import { useTranslation } from "react-i18next";
import { clockText } from "../../lib/time";

/** How long the API asks to wait. Not a live region: it changes every second. */
export function Wait({ seconds }: { seconds: number }) {
  const { t } = useTranslation();
  if (seconds === 0) return null;
  return (
    <p className="soft">
      {t("sign_in.wait")} <bdi dir="ltr">{clockText(seconds)}</bdi>
    </p>
  );
}

import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Salon } from "../../api/queries";
import { When } from "../../ui/text";
import type { Chosen } from "./chosen";

/** What is about to be booked. */
export function Summary({ salon, chosen }: { salon: Salon; chosen: Chosen }) {
  const { t } = useTranslation();
  const { service, staff, starts_at } = chosen.choice;
  return (
    <div className="card summary">
      <Title moment={starts_at} />
      <dl className="facts">
        <dt>{t("confirm.salon")}</dt>
        <dd>
          <Link href={`/salons/${salon.slug}/`}>{salon.name}</Link>
        </dd>
        <dt>{t("confirm.service")}</dt>
        <dd>
          {chosen.serviceName} <span className="soft">· {t("minutes", { count: chosen.minutes })}</span>
        </dd>
        <dt>{t("confirm.staff")}</dt>
        <dd>{chosen.staffName ?? t("confirm.anyone")}</dd>
        <dt>{t("confirm.when")}</dt>
        <dd>
          <When starts={starts_at} zone={salon.timezone} />
          <span className="soft">{t("confirm.salon_time")}</span>
        </dd>
      </dl>
      <Link href={`/salons/${salon.slug}/${service}/${staff ? `?staff=${staff}` : ""}`}>{t("confirm.change")}</Link>
    </div>
  );
}

/** Takes the focus when another time was chosen below, whose list is gone then. */
function Title({ moment }: { moment: string }) {
  const { t } = useTranslation();
  const title = useRef<HTMLHeadingElement>(null);
  const shown = useRef(moment);
  useEffect(() => {
    if (shown.current !== moment) title.current?.focus();
    shown.current = moment;
  }, [moment]);
  return (
    <h1 ref={title} tabIndex={-1}>
      {t("confirm.title")}
    </h1>
  );
}

import { useTranslation } from "react-i18next";
import { When } from "../../ui/text";

interface Visit {
  starts_at: string;
  staff: string;
}

/** The old time and the new one. */
export function Change({ before, after, zone }: { before: Visit; after: Visit; zone: string }) {
  const { t } = useTranslation();
  return (
    <>
      <dl className="change">
        <div className="card before">
          <dt>{t("move.before")}</dt>
          <dd>
            <When starts={before.starts_at} zone={zone} />
            <span className="soft">{before.staff}</span>
          </dd>
        </div>
        <div className="card after">
          <dt>{t("move.after")}</dt>
          <dd>
            <When starts={after.starts_at} zone={zone} />
            <span className="soft">{after.staff}</span>
          </dd>
        </div>
      </dl>
      <p className="soft">{t("own.zone")}</p>
    </>
  );
}

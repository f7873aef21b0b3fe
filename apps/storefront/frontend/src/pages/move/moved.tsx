import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Booking } from "../../api/queries";
import { Notice } from "../../ui/states";
import { Change } from "./change";

export function Moved({ before, after, zone }: { before: Booking; after: Booking; zone: string }) {
  const { t } = useTranslation();
  return (
    <section>
      <Notice kind="good">{t("move.done")}</Notice>
      <Change
        zone={zone}
        before={{ starts_at: before.starts_at, staff: before.staff.name }}
        after={{ starts_at: after.starts_at, staff: after.staff.name }}
      />
      <Link href={`/bookings/${after.id}/`} className="button wide">
        {t("move.to_booking")}
      </Link>
    </section>
  );
}

/** What its customer can do with a booking, as far as the API lets them at this moment. */
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useSalon, type Booking } from "../../api/queries";
import { zoneOf } from "../../lib/time";
import "../../styles/booking.css";
import { Notice } from "../../ui/states";
import { Phone, When } from "../../ui/text";
import { Cancel, useCancelling } from "./cancel";
import { useFocusAfter } from "./focus";
import { Review } from "./review";
import { serverNow } from "../../lib/clock";

const MAY_CHANGE: Booking["status"][] = ["pending", "confirmed"];

export function BookingActions({ booking }: { booking: Booking }) {
  const { t } = useTranslation();
  const cancel = useCancelling(booking);
  const place = useFocusAfter<HTMLElement>(cancel.isSuccess);
  const now = serverNow();
  const isAhead = (moment: string | null) => moment !== null && Date.parse(moment) > now;
  const mayChange = MAY_CHANGE.includes(booking.status) && isAhead(booking.starts_at);
  return (
    <section className="actions" aria-label={t("act.title")} ref={place} tabIndex={-1}>
      {cancel.isSuccess && <Notice kind="good">{t("act.cancelled")}</Notice>}
      <Review booking={booking} />
      {mayChange && (isAhead(booking.can_reschedule_until) ? <Move booking={booking} /> : <CallToMove booking={booking} />)}
      {mayChange && isAhead(booking.can_cancel_until) && <Cancel booking={booking} cancel={cancel} />}
      {!mayChange && (
        <Link href={`/salons/${booking.salon.slug}/${booking.service.id}/`} className="button wide">
          {t("act.again")}
        </Link>
      )}
    </section>
  );
}

function Move({ booking }: { booking: Booking }) {
  const { t } = useTranslation();
  const until = booking.can_reschedule_until;
  return (
    <div>
      <Link href={`/bookings/${booking.id}/move/`} className="button quiet wide">
        {t("act.move")}
      </Link>
      {until && (
        <div className="soft until">
          {t("act.move_until")} <When starts={until} zone={zoneOf(until)} />
        </div>
      )}
    </div>
  );
}

export function CallToMove({ booking }: { booking: Booking }) {
  const { t } = useTranslation();
  const salon = useSalon(booking.salon.slug);
  return (
    <p className="soft">
      {t("act.too_late_to_move")} {salon.data && <Phone number={salon.data.phone} />}
    </p>
  );
}

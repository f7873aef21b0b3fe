import { Trans, useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useSalon, type Booking, type Salon } from "../../api/queries";
import { isNothing } from "../../lib/money";
import { zoneOf } from "../../lib/time";
import { Money, Phone, When } from "../../ui/text";

export function Facts({ booking }: { booking: Booking }) {
  const { t } = useTranslation();
  // A salon that customers no longer see has only its name here.
  const salon = useSalon(booking.salon.slug).data;
  return (
    <dl className="card facts">
      <dt>{t("confirm.when")}</dt>
      <dd>
        <When starts={booking.starts_at} ends={booking.ends_at} zone={zoneOf(booking.starts_at)} />
        <span className="soft">{t("confirm.salon_time")}</span>
      </dd>
      <dt>{t("confirm.staff")}</dt>
      <dd>{booking.staff.name}</dd>
      <dt>{t("confirm.salon")}</dt>
      <dd>{salon ? <Place salon={salon} /> : booking.salon.name}</dd>
      <Price booking={booking} />
      <Said title={t("visit.guest")} words={booking.guest_name} />
      <Said title={t("visit.note")} words={booking.note} />
      <dt>{t("visit.reference")}</dt>
      <dd>
        <bdi dir="ltr">{booking.reference}</bdi>
      </dd>
    </dl>
  );
}

function Place({ salon }: { salon: Salon }) {
  return (
    <>
      <Link href={`/salons/${salon.slug}/`}>{salon.name}</Link>
      {salon.address && <span className="soft line">{salon.address}</span>}
      {salon.phone && <Phone number={salon.phone} />}
    </>
  );
}

function Price({ booking }: { booking: Booking }) {
  const { t } = useTranslation();
  const owesFee = ["cancelled", "no_show"].includes(booking.status) && !isNothing(booking.cancellation_fee);
  return (
    <>
      <dt>{t("visit.price")}</dt>
      <dd>
        <Money amount={booking.price.amount} />
        <span className="soft line">
          <Trans i18nKey="confirm.vat" components={{ vat: <Money amount={booking.price.vat} /> }} />
        </span>
      </dd>
      {owesFee && (
        <>
          <dt>{t("visit.fee")}</dt>
          <dd>
            <Money amount={booking.cancellation_fee} />
          </dd>
        </>
      )}
    </>
  );
}

function Said({ title, words }: { title: string; words: string }) {
  if (!words) return null;
  return (
    <>
      <dt>{title}</dt>
      <dd>
        <bdi>{words}</bdi>
      </dd>
    </>
  );
}

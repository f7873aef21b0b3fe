import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useBookings, type Booking } from "../api/queries";
import { zoneOf } from "../lib/time";
import "../styles/booking.css";
import { SignedIn } from "../ui/sign-in";
import { Empty, Failed, Loading } from "../ui/states";
import { When } from "../ui/text";
import { useTitle } from "../ui/title";
import { comingAndPast, stateOf } from "./bookings/order";
import { serverNow } from "../lib/clock";

export default function Bookings() {
  const { t } = useTranslation();
  useTitle(t("own.title"));
  return (
    <>
      <h1>{t("own.title")}</h1>
      <SignedIn>
        <Own />
      </SignedIn>
    </>
  );
}

function Own() {
  const { t } = useTranslation();
  const { data, error, refetch } = useBookings();
  if (error && !data) return <Failed error={error} again={() => void refetch()} />;
  if (!data) return <Loading />;
  if (data.results.length === 0) return <None />;

  const now = serverNow();
  const { coming, past } = comingAndPast(data.results, now);
  return (
    <>
      <p className="soft">{t("own.zones")}</p>
      <List title={t("own.coming")} bookings={coming} now={now} none={<NothingComing />} />
      {past.length > 0 && <List title={t("own.past")} bookings={past} now={now} />}
      {data.next && <p className="soft">{t("own.latest_only")}</p>}
    </>
  );
}

interface ListProps {
  title: string;
  bookings: Booking[];
  now: number;
  none?: ReactNode;
}

function List({ title, bookings, now, none }: ListProps) {
  return (
    <section className="own-bookings">
      <h2>{title}</h2>
      {bookings.length === 0 && none}
      <ul className="plain">
        {bookings.map((booking) => (
          <Row key={booking.id} booking={booking} now={now} />
        ))}
      </ul>
    </section>
  );
}

function Row({ booking, now }: { booking: Booking; now: number }) {
  const { t } = useTranslation();
  const state = stateOf(booking, now);
  return (
    <li className="card own-booking">
      <span className={`state ${state}`}>{t(`own.state.${state}`)}</span>
      <h3>
        <Link href={`/bookings/${booking.id}/`}>{booking.service.name}</Link>
      </h3>
      <p className="soft">{t("own.where", { salon: booking.salon.name, staff: booking.staff.name })}</p>
      {booking.guest_name && <p className="soft">{t("own.guest", { name: booking.guest_name })}</p>}
      <When starts={booking.starts_at} ends={booking.ends_at} zone={zoneOf(booking.starts_at)} />
    </li>
  );
}

function None() {
  const { t } = useTranslation();
  return (
    <Empty>
      <p>{t("own.none")}</p>
      <Link href="/" className="button">
        {t("own.find")}
      </Link>
    </Empty>
  );
}

function NothingComing() {
  const { t } = useTranslation();
  return (
    <p>
      {t("own.nothing_coming")} <Link href="/">{t("own.find")}</Link>
    </p>
  );
}

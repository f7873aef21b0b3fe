import { useTranslation } from "react-i18next";
import { useBooking, type Booking as Visit } from "../api/queries";
import { SignedIn } from "../ui/sign-in";
import { Failed, Loading } from "../ui/states";
import { useTitle } from "../ui/title";
import { BookingActions } from "./booking/actions";
import { Banner } from "./booking/banner";
import { CalendarFile } from "./booking/calendar-file";
import { Facts } from "./booking/facts";
import { Paying } from "./booking/paying";
import { PaymentReturn } from "./booking/payment-return";
import { visitState } from "./booking/state";
import "../styles/confirm.css";

export default function Booking({ id, returning = false }: { id: string; returning?: boolean }) {
  const { t } = useTranslation();
  useTitle(returning ? t("return.title") : t("visit.title"));
  return (
    <div className="narrow visit">
      {returning ? (
        <PaymentReturn id={id} />
      ) : (
        <SignedIn>
          <OneBooking id={id} />
        </SignedIn>
      )}
    </div>
  );
}

function OneBooking({ id }: { id: string }) {
  const booking = useBooking(id);
  if (booking.isPending) return <Loading />;
  if (!booking.data) return <Failed error={booking.error} again={() => void booking.refetch()} />;
  return <Page booking={booking.data} />;
}

function Page({ booking }: { booking: Visit }) {
  const isUrgent = visitState(booking) === "awaits_payment";
  const isAhead = booking.status === "pending" || booking.status === "confirmed";
  return (
    <>
      <h1>{booking.service.name}</h1>
      <Banner booking={booking} />
      {isUrgent && <Paying booking={booking} />}
      <Facts booking={booking} />
      {!isUrgent && <Paying booking={booking} />}
      <BookingActions booking={booking} />
      {isAhead && <CalendarFile booking={booking} />}
    </>
  );
}

import { useTranslation } from "react-i18next";
import { useBooking, useSalon, type Booking as Visit } from "../api/queries";
import { SignedIn } from "../ui/sign-in";
import { Failed, Loading } from "../ui/states";
import { useTitle } from "../ui/title";
import { BookingActions } from "./booking/actions";
import { Banner } from "./booking/banner";
import { CalendarFile } from "./booking/calendar-file";
import { Facts } from "./booking/facts";
import { Paying } from "./booking/paying";
import { PaymentReturn } from "./booking/payment-return";
import "../styles/confirm.css";

// A salon that customers no longer see has no zone to ask for.
const ZONE_OF_HIDDEN = "Asia/Riyadh";

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
  const salon = useSalon(booking.salon.slug);
  if (salon.isPending) return <Loading />;
  const zone = salon.data?.timezone ?? ZONE_OF_HIDDEN;
  return (
    <>
      <h1>{booking.service.name}</h1>
      <Banner booking={booking} zone={zone} />
      <Facts booking={booking} salon={salon.data} zone={zone} />
      <Paying booking={booking} />
      <BookingActions booking={booking} />
      <CalendarFile booking={booking} />
    </>
  );
}

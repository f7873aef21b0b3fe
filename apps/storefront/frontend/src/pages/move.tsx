import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useBooking, useSalon, type Booking } from "../api/queries";
import "../styles/booking.css";
import { SignedIn } from "../ui/sign-in";
import { Failed, Loading } from "../ui/states";
import { useTitle } from "../ui/title";
import { Choice } from "./move/choice";

export default function Move({ id }: { id: string }) {
  const { t } = useTranslation();
  useTitle(t("move.title"));
  return (
    <div className="narrow">
      <Link href={`/bookings/${id}/`} className="back">
        {t("move.back")}
      </Link>
      <h1>{t("move.title")}</h1>
      <SignedIn>
        <Own id={id} />
      </SignedIn>
    </div>
  );
}

function Own({ id }: { id: string }) {
  const booking = useBooking(id);
  if (booking.data) return <WithSalon booking={booking.data} />;
  return booking.error ? <Failed error={booking.error} again={() => void booking.refetch()} /> : <Loading />;
}

function WithSalon({ booking }: { booking: Booking }) {
  const salon = useSalon(booking.salon.slug);
  if (salon.data) return <Choice booking={booking} salon={salon.data} />;
  return salon.error ? <Failed error={salon.error} again={() => void salon.refetch()} /> : <Loading />;
}

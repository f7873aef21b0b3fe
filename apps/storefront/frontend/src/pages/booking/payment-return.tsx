/** Coming back from the gateway. What its address says is no proof: only what the API shows counts. */
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useSession } from "../../api/session";
import type { Booking } from "../../api/queries";
import { SignedIn } from "../../ui/sign-in";
import { Failed, Notice } from "../../ui/states";
import { Facts } from "./facts";
import { Failure, PayButton } from "./paying";
import { isPayable, outcomeOf, type Outcome } from "./state";
import { usePaymentCheck } from "./use-payment-check";

export function PaymentReturn({ id }: { id: string }) {
  const { t } = useTranslation();
  const session = useSession();
  return (
    <>
      <h1>{t("return.title")}</h1>
      {session === "out" && <Notice kind="info">{t("return.signed_out")}</Notice>}
      <SignedIn>
        <Checked id={id} />
      </SignedIn>
    </>
  );
}

function Checked({ id }: { id: string }) {
  const { t } = useTranslation();
  const { booking, error, isLooking, look } = usePaymentCheck(id);
  if (!booking && error && !isLooking) return <Failed error={error} again={look} />;
  if (!booking) return <Notice kind="info">{t("return.checking")}</Notice>;
  return (
    <>
      <Result booking={booking} isLooking={isLooking} look={look} />
      <Link href={`/bookings/${id}/`} className="button quiet wide">
        {t("return.to_booking")}
      </Link>
      <Facts booking={booking} />
    </>
  );
}

const TONES: Record<Outcome, "good" | "info" | "problem"> = {
  paid: "good",
  processing: "info",
  open: "info",
  failed: "problem",
  review: "info",
  expired: "problem",
  late: "problem",
  late_released: "problem",
  released: "info",
};

interface ResultProps {
  booking: Booking;
  isLooking: boolean;
  look: () => void;
}

function Result({ booking, isLooking, look }: ResultProps) {
  const { t } = useTranslation();
  const outcome = outcomeOf(booking);
  const mayRepeat = ["open", "failed", "released"].includes(outcome) && isPayable(booking);
  const isQuiet = !isLooking && (outcome === "open" || outcome === "processing");
  return (
    <>
      <Notice kind={TONES[outcome]}>
        <p>
          <strong>{t(`return.${outcome}`, { service: booking.service.name, salon: booking.salon.name })}</strong>
        </p>
        {outcome === "failed" && booking.payment?.failure && <Failure failure={booking.payment.failure} />}
        {isLooking && <p>{t("return.checking")}</p>}
      </Notice>
      {mayRepeat && <PayButton booking={booking} />}
      {isQuiet && (
        <button type="button" className="button quiet wide" onClick={look}>
          {t("return.look_again")}
        </button>
      )}
    </>
  );
}

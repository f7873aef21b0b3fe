/** What the page says of a booking and its money, told apart by nothing but what the API shows. */
import type { Booking, Payment } from "../../api/queries";
import { isNothing } from "../../lib/money";
import { serverNow } from "../../lib/clock";

export type VisitState = Exclude<Booking["status"], "pending"> | "awaits_payment" | "awaits_salon";

export function visitState({ status, hold_expires_at }: Booking): VisitState {
  if (status !== "pending") return status;
  return hold_expires_at ? "awaits_payment" : "awaits_salon";
}

export const isSettled = ({ status }: Payment): boolean => status === "paid" || status === "captured";
const isOver = ({ status }: Booking): boolean => status === "expired" || status === "cancelled";

const hasOpenLink = (payment: Payment | null): boolean => payment?.payment_url != null;

// One attempt after which another may begin, or whose page is still open.
const REPEATABLE: Payment["status"][] = ["created", "initiated", "failed", "voided", "expired"];

/** Whether the customer may pay now; the API has the last word. */
export function isPayable(booking: Booking, now = serverNow()): boolean {
  const { payment, hold_expires_at, price, amount_due } = booking;
  if (isNothing(price.amount) || (payment && !isSettled(payment) && !REPEATABLE.includes(payment.status))) return false;
  switch (visitState(booking)) {
    case "awaits_payment":
      return !(payment && isSettled(payment)) && Date.parse(hold_expires_at ?? "") > now;
    case "confirmed":
      return !isNothing(amount_due);
    case "arrived":
    case "completed":
      return hasOpenLink(payment);
    case "cancelled":
    case "no_show":
      // The link of a hold that was given up may live a little longer than the hold.
      return hasOpenLink(payment) && !isNothing(booking.cancellation_fee);
    default:
      return false;
  }
}

export type Outcome = "paid" | "processing" | "open" | "failed" | "review" | "expired" | "late" | "late_released" | "released";

/** What became of the payment that somebody comes back from. */
export function outcomeOf(booking: Booking): Outcome {
  const { payment, hold_expires_at } = booking;
  const isTooLate = isOver(booking);
  if (payment?.status === "review") return "review";
  if (payment?.status === "voided") return isTooLate ? "late_released" : "released";
  if (payment?.status === "authorized") return isTooLate ? "late" : "processing";
  if (payment && isSettled(payment)) {
    if (isTooLate) return "late";
    return hold_expires_at ? "processing" : "paid";
  }
  if (isTooLate) return "expired";
  if (payment?.failure || payment?.status === "failed") return "failed";
  return payment?.status === "submitted" || payment?.status === "unknown" ? "processing" : "open";
}

/** Whether looking again soon may show something else. */
export const isUndecided = (outcome: Outcome): boolean => outcome === "processing" || outcome === "open";

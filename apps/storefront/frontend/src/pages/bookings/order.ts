/** What is still to come and what is over, each in the order in which somebody looks for it. */
import type { Booking } from "../../api/queries";

const OPEN: Booking["status"][] = ["pending", "confirmed", "arrived"];

/** A state in the words of a customer; `over`: nobody has said yet how the visit went. */
export type StateWord = Exclude<Booking["status"], "pending"> | "unpaid" | "asked" | "over";

export function stateOf(booking: Booking, now: number): StateWord {
  if (OPEN.includes(booking.status) && Date.parse(booking.ends_at) <= now) return "over";
  if (booking.status !== "pending") return booking.status;
  return booking.hold_expires_at ? "unpaid" : "asked";
}

export function comingAndPast(bookings: Booking[], now: number): { coming: Booking[]; past: Booking[] } {
  const isComing = (booking: Booking) => OPEN.includes(booking.status) && Date.parse(booking.ends_at) > now;
  const latestFirst = [...bookings].sort((one, other) => Date.parse(other.starts_at) - Date.parse(one.starts_at));
  return {
    coming: latestFirst.filter(isComing).reverse(),
    past: latestFirst.filter((booking) => !isComing(booking)),
  };
}

import type { Booking } from "../../api/queries";

/** What its customer can do with a booking. */
export function BookingActions(_props: { booking: Booking }) {
  return null;
}

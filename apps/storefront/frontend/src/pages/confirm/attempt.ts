/** One wish to book, from the first press of the button to an answer that is known. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body, type Refusal, type Schemas } from "../../api/client";
import { mayHaveWorked, once, tellsOfEarlier } from "../../api/once";
import { bookingOptions, type Booking } from "../../api/queries";

type Wanted = Schemas["BookingRequestRequest"];

const PLACE = "storefront.sent.";
const RETRIES = 2;

/** What was sent and never answered, which a reload must not forget: under its key nothing else may be sent. */
export function unanswered(wish: string): Wanted | null {
  const kept = sessionStorage.getItem(PLACE + wish);
  return kept ? (JSON.parse(kept) as Wanted) : null;
}

export async function book(wish: string, wanted: Wanted): Promise<Booking> {
  const isRepeated = unanswered(wish) !== null;
  sessionStorage.setItem(PLACE + wish, JSON.stringify(wanted));
  try {
    const booking = await once(wish, (key) =>
      body(api.POST("/api/v1/bookings/", { params: { header: { "Idempotency-Key": key } }, body: wanted })),
    );
    sessionStorage.removeItem(PLACE + wish);
    return booking;
  } catch (error) {
    if (isRepeated ? tellsOfEarlier(error) : !mayHaveWorked(error)) sessionStorage.removeItem(PLACE + wish);
    throw error;
  }
}

/** `proceed` leads on from the booking; until it has, the attempt counts as pending. */
export function useAttempt(wish: string, proceed: (booking: Booking) => Promise<void>) {
  const client = useQueryClient();
  return useMutation<Booking, Refusal, Wanted>({
    mutationFn: (wanted) => book(wish, wanted),
    networkMode: "always",
    retry: (count, error) => mayHaveWorked(error) && count < RETRIES,
    onSuccess: (booking) => {
      client.setQueryData(bookingOptions(booking.id).queryKey, booking);
      void client.invalidateQueries({ queryKey: ["bookings"] });
      return proceed(booking);
    },
    onError: () => {
      // What was refused no longer is as it was shown.
      void client.invalidateQueries({ queryKey: ["quote"] });
      void client.invalidateQueries({ queryKey: ["slots"] });
    },
  });
}

/** What is chosen stands in the address, so that the back button undoes it. */
import { useQueryClient } from "@tanstack/react-query";
import { useLocation, useSearchParams } from "wouter";
import { api, body } from "../../api/client";
import { bookingOptions, useBookingStep, type Booking, type Slot } from "../../api/queries";
import { momentOf } from "../../lib/time";

export const ANYONE = "anyone";

export interface Goal {
  staff: string;
  at: string;
}

/** Who it becomes: whoever it is now if they are free, for nobody changes people without asking. */
export const personOf = (slot: Slot, now: string): string =>
  slot.staff.includes(now) ? now : (slot.staff[0] ?? now);

/** The person looked for, and the time once it is chosen; without a person in the address the one of the booking. */
export function useChoice(booking: Booking) {
  const [params] = useSearchParams();
  const [, go] = useLocation();
  const place = `/bookings/${booking.id}/move/`;
  const staff = params.get("staff") ?? booking.staff.id;
  const at = momentOf(params.get("at"));
  return {
    staff,
    goal: at && staff !== ANYONE ? { staff, at } : null,
    look: (person: string) => go(`${place}?${new URLSearchParams({ staff: person })}`, { replace: true }),
    choose: (goal: Goal) => go(`${place}?${new URLSearchParams({ ...goal })}`),
    forget: () => go(place, { replace: true }),
  };
}

/** Moving. Whatever stood against it, the times and the booking on the page are asked for anew. */
export function useMoving({ id }: Booking) {
  const client = useQueryClient();
  return useBookingStep(async ({ staff, at }: Goal) => {
    const call = api.POST("/api/v1/bookings/{id}/reschedule/", {
      params: { path: { id } },
      body: { starts_at: at, staff },
    });
    try {
      return await body(call);
    } catch (refusal) {
      void client.invalidateQueries({ queryKey: ["slots"] });
      void client.invalidateQueries({ queryKey: bookingOptions(id).queryKey });
      throw refusal;
    }
  });
}

import { useState } from "react";
import type { Booking, Salon } from "../../api/queries";
import { CallToMove } from "../booking/actions";
import { Notice } from "../../ui/states";
import { Confirm } from "./confirm";
import { Moved } from "./moved";
import { Picker } from "./picker";
import { useChoice, useMoving, type Goal } from "./rescheduling";
import { serverNow } from "../../lib/clock";

const GONE = ["slot_taken", "slot_not_offered"];

/** Choose, confirm, done. */
export function Choice({ booking, salon }: { booking: Booking; salon: Salon }) {
  const choice = useChoice(booking);
  const moving = useMoving(booking);
  const [before, setBefore] = useState(booking);
  const until = booking.can_reschedule_until;
  const isOpen = until !== null && Date.parse(until) > serverNow();

  function move(goal: Goal) {
    setBefore(booking);
    moving.mutate(goal, {
      onSuccess: choice.forget,
      onError: (refusal) => {
        if (GONE.some((code) => refusal.has(code))) choice.look(goal.staff);
      },
    });
  }

  if (moving.isSuccess) return <Moved before={before} after={moving.data} zone={salon.timezone} />;
  return (
    <>
      {moving.error && <Notice kind="problem">{moving.error.message}</Notice>}
      {!isOpen && <CallToMove booking={booking} />}
      {isOpen && choice.goal && (
        <Confirm
          booking={booking}
          salon={salon}
          goal={choice.goal}
          isMoving={moving.isPending}
          move={move}
          back={() => choice.look(choice.staff)}
        />
      )}
      {isOpen && !choice.goal && <Picker booking={booking} salon={salon} {...choice} />}
    </>
  );
}

import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useStaff, type Booking, type Salon } from "../../api/queries";
import { Change } from "./change";
import type { Goal } from "./rescheduling";

interface Props {
  booking: Booking;
  salon: Salon;
  goal: Goal;
  isMoving: boolean;
  move: (goal: Goal) => void;
  back: () => void;
}

export function Confirm({ booking, salon, goal, isMoving, move, back }: Props) {
  const { t } = useTranslation();
  const people = useStaff(salon.slug, booking.service.id).data?.results ?? [];
  const person = [booking.staff, ...people].find(({ id }) => id === goal.staff);
  const heading = useRef<HTMLHeadingElement>(null);
  // The time that was pressed has left the page.
  useEffect(() => heading.current?.focus(), []);

  return (
    <section>
      <h2 ref={heading} tabIndex={-1}>
        {t("move.confirm_title")}
      </h2>
      <p>{booking.service.name}</p>
      <Change
        zone={salon.timezone}
        before={{ starts_at: booking.starts_at, staff: booking.staff.name }}
        after={{ starts_at: goal.at, staff: person?.name ?? "" }}
      />
      <button type="button" className="button wide" disabled={isMoving} onClick={() => move(goal)}>
        {isMoving ? t("move.moving") : t("move.confirm")}
      </button>
      <button type="button" className="button quiet wide" disabled={isMoving} onClick={back}>
        {t("move.other_time")}
      </button>
    </section>
  );
}

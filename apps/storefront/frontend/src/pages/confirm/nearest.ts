import type { Slot } from "../../api/queries";

const distance = (slot: Slot, moment: number): number => Math.abs(Date.parse(slot.starts_at) - moment);

/** The `count` free times closest to a moment, in the order of the clock. */
export function nearest(slots: Slot[], moment: string, count: number): Slot[] {
  const wanted = Date.parse(moment);
  return [...slots]
    .sort((one, other) => distance(one, wanted) - distance(other, wanted))
    .slice(0, count)
    .sort((one, other) => Date.parse(one.starts_at) - Date.parse(other.starts_at));
}

/** Without what was just refused: that time, where nobody but that person is free then. */
export function without(slots: Slot[], moment: string, staff: string | undefined): Slot[] {
  const refused = Date.parse(moment);
  return slots.filter(
    (slot) => Date.parse(slot.starts_at) !== refused || (staff !== undefined && slot.staff.some((id) => id !== staff)),
  );
}

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

/** Without the time that was just refused. */
export const without = (slots: Slot[], moment: string): Slot[] =>
  slots.filter((slot) => Date.parse(slot.starts_at) !== Date.parse(moment));

/** Those at which somebody else than that person is free. */
export const withOthers = (slots: Slot[], staff: string): Slot[] =>
  slots.filter((slot) => slot.staff.some((id) => id !== staff));

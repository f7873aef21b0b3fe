/** Free times, sorted as a person looks for them. */
import type { Slot } from "../api/queries";
import { grouped } from "./group";
import { daysFrom } from "./time";

export const WINDOW = 14;
/** No salon takes bookings further ahead than 366 days. */
export const LAST_WINDOW = 26;

export type PartOfDay = "night" | "morning" | "afternoon" | "evening";

// The API writes times with the salon's offset, so day and hour of the salon can be read off.
const dayOf = (slot: Slot): string => slot.starts_at.slice(0, 10);
const hourOf = (slot: Slot): number => Number(slot.starts_at.slice(11, 13));

/** The hour at which each part ends. Salons that are open late, in Ramadan above all, take visits after midnight. */
const ENDS: [PartOfDay, number][] = [
  ["night", 5],
  ["morning", 12],
  ["afternoon", 17],
];

const partOf = (hour: number): PartOfDay => ENDS.find(([, end]) => hour < end)?.[0] ?? "evening";

/** The days that have slots, in the order of the slots. */
export const byDay = (slots: Slot[]): Map<string, Slot[]> => grouped(slots, dayOf);

export const byPart = (slots: Slot[]): Map<PartOfDay, Slot[]> => grouped(slots, (slot) => partOf(hourOf(slot)));

/** The days of a window, the first of which begins today. */
export const windowDays = (today: string, window: number): string[] =>
  daysFrom(today, (window + 1) * WINDOW).slice(-WINDOW);

/** The window a day lies in; the first one for a day gone by. */
export function windowOf(today: string, day: string): number {
  const ahead = Math.round((Date.parse(day) - Date.parse(today)) / 86_400_000);
  return ahead > 0 ? Math.min(Math.floor(ahead / WINDOW), LAST_WINDOW) : 0;
}

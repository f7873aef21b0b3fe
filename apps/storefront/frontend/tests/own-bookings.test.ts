import { expect, test } from "vitest";
import type { Booking } from "../src/api/queries";
import { comingAndPast, stateOf } from "../src/pages/bookings/order";

const NOW = Date.parse("2026-03-01T12:00:00+03:00");

function visit(id: string, day: string, status: Booking["status"] = "confirmed", hold: string | null = null): Booking {
  const at = (hour: string) => `2026-03-${day}T${hour}:00:00+03:00`;
  return { id, status, starts_at: at("11"), ends_at: at("12"), hold_expires_at: hold } as Booking;
}

test("coming bookings stand soonest first, past ones newest first", () => {
  const bookings = [visit("near", "02"), visit("far", "09"), visit("cancelled", "05", "cancelled"), visit("today", "01")];

  const { coming, past } = comingAndPast(bookings, NOW);

  expect(coming.map(({ id }) => id)).toEqual(["near", "far"]);
  expect(past.map(({ id }) => id)).toEqual(["cancelled", "today"]);
});

test("a visit is coming until it ends", () => {
  expect(comingAndPast([visit("now", "01", "arrived")], NOW - 1).coming).toHaveLength(1);
  expect(comingAndPast([visit("now", "01", "arrived")], NOW).coming).toHaveLength(0);
});

test.each([
  [visit("1", "02", "pending", "2026-03-01T12:10:00+03:00"), "unpaid"],
  [visit("1", "02", "pending"), "asked"],
  [visit("1", "02", "confirmed"), "confirmed"],
  [visit("1", "01", "confirmed"), "over"],
  [visit("1", "01", "no_show"), "no_show"],
  [visit("1", "01", "cancelled"), "cancelled"],
])("the state in words: %#", (booking, word) => {
  expect(stateOf(booking, NOW)).toBe(word);
});

import { expect, test } from "vitest";
import type { Slot } from "../src/api/queries";
import { byDay, byPart, windowDays, windowOf } from "../src/lib/slots";

const slot = (starts_at: string): Slot => ({ starts_at, ends_at: starts_at, staff: [] });

test("days are those of the salon, not of the reader or of UTC", () => {
  const late = slot("2026-03-01T00:30:00+03:00");
  const early = slot("2026-02-28T23:30:00+03:00");
  expect([...byDay([early, late])]).toEqual([
    ["2026-02-28", [early]],
    ["2026-03-01", [late]],
  ]);
});

test("a day has a night until five, a morning until noon and an evening from five", () => {
  const at = (hour: string) => slot(`2026-03-01T${hour}:00+03:00`);
  const parts = byPart(["00:00", "04:45", "05:00", "11:45", "12:00", "16:45", "17:00"].map(at));
  expect([...parts].map(([part, slots]) => [part, slots.length])).toEqual([
    ["night", 2],
    ["morning", 2],
    ["afternoon", 2],
    ["evening", 1],
  ]);
});

test("windows follow one another without a gap", () => {
  expect(windowDays("2026-02-20", 0)).toHaveLength(14);
  expect(windowDays("2026-02-20", 0).at(-1)).toBe("2026-03-05");
  expect(windowDays("2026-02-20", 1)[0]).toBe("2026-03-06");
});

test.each([
  ["2026-02-19", 0],
  ["2026-03-05", 0],
  ["2026-03-06", 1],
  ["2031-01-01", 26],
  ["no day", 0],
])("%s lies in window %i", (day, window) => {
  expect(windowOf("2026-02-20", day)).toBe(window);
});

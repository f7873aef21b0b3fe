import { expect, test } from "vitest";
import { zoneOf } from "../src/lib/time";

test.each([
  ["2026-03-01T15:30:00+03:00", "Etc/GMT-3"],
  ["2026-03-01T15:30:00-05:00", "Etc/GMT+5"],
  ["2026-03-01T15:30:00+05:30", "+05:30"],
  ["2026-03-01T12:30:00+00:00", "UTC"],
  ["2026-03-01T12:30:00Z", "UTC"],
])("%s is at %s", (moment, zone) => {
  expect(zoneOf(moment)).toBe(zone);
});

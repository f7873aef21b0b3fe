import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { compareWith, serverNow } from "../src/lib/clock";

const NOON = Date.parse("2026-03-01T09:00:00Z");

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOON });
});
afterEach(() => {
  compareWith(null);
  vi.useRealTimers();
});

test("a device that is an hour fast goes by the server's clock", () => {
  compareWith("Sun, 01 Mar 2026 08:00:00 GMT");

  expect(serverNow()).toBe(NOON - 3_600_000);
});

test("a second more or less, and an answer without a date, change nothing", () => {
  compareWith("Sun, 01 Mar 2026 08:59:58 GMT");
  expect(serverNow()).toBe(NOON);

  compareWith(null);
  expect(serverNow()).toBe(NOON);
});

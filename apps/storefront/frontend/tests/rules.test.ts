import { expect, test } from "vitest";
import { rulesOf } from "../src/pages/salon/terms";

const FIRM = {
  confirmation: "automatic" as const,
  deposit_percent: 100,
  free_cancellation_hours: 12,
  late_cancellation_percent: 30,
};

test("a salon says until when cancelling and moving are free and what comes after", () => {
  expect(rulesOf(FIRM)).toEqual([
    ["automatic"],
    ["cancel_free", { count: 12 }],
    ["cancel_late", { percent: 30 }],
    ["move", { count: 12 }],
  ]);
});

test("an advance is named where a booking is confirmed by it", () => {
  expect(rulesOf({ ...FIRM, confirmation: "payment", deposit_percent: 30 })[1]).toEqual(["advance", { percent: 30 }]);
  expect(rulesOf({ ...FIRM, confirmation: "payment" })[1]).toEqual(["advance_all"]);
});

test("without a fee cancelling stays free, but moving ends when the salon says", () => {
  expect(rulesOf({ ...FIRM, late_cancellation_percent: 0 })).toEqual([
    ["automatic"],
    ["cancel_always"],
    ["move", { count: 12 }],
  ]);
});

test("without hours both are free until the visit begins", () => {
  expect(rulesOf({ ...FIRM, free_cancellation_hours: 0 })).toEqual([["automatic"], ["cancel_always"], ["move_always"]]);
});

import { expect, test } from "vitest";
import type { Staff } from "../src/api/queries";
import { smallest } from "../src/lib/money";
import { offersOf, termsOf } from "../src/pages/times/offers";

const CUT = { id: "cut", duration_minutes: 45, price: "120.00" };
const QUICK = { id: "cut", duration_minutes: 30, price: "95.00" };
const person = (id: string, ...services: Staff["services"]): Staff => ({ id, name: id, title: "", photo: null, rating: null, review_count: 0, services });

test("amounts are compared as money, not as words", () => {
  expect(smallest(["120.00", "95.50", "95.00"])).toBe("95.00");
  expect(smallest([])).toBeUndefined();
});

test("only who does the service is offered, at their own terms", () => {
  const team = [person("Noura", CUT), person("Reem"), person("Salma", QUICK)];
  expect(offersOf(team, "cut").map(({ person: one, offer }) => [one.name, offer.price])).toEqual([
    ["Noura", "120.00"],
    ["Salma", "95.00"],
  ]);
});

test("anyone costs from the least of them", () => {
  expect(termsOf([CUT, QUICK])).toEqual({ price: "95.00", from: true, minutes: 30 });
  expect(termsOf([CUT, CUT])).toEqual({ price: "120.00", from: false, minutes: 45 });
  expect(termsOf([])).toBeUndefined();
});

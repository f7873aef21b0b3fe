import { describe, expect, test } from "vitest";
import { Refusal } from "../src/api/client";
import type { Booking, Payment } from "../src/api/queries";
import { isPayable, isUndecided, outcomeOf, visitState } from "../src/pages/booking/state";
import { pauseAfter } from "../src/pages/booking/use-payment-check";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const SOON = "2026-03-01T15:10:00+03:00";
const PAST = "2026-03-01T14:50:00+03:00";
const REASON = { code: "declined" as const, detail: "the bank declined" };

function payment(status: Payment["status"], more: Partial<Payment> = {}): Payment {
  return { id: "p", status, amount: "40.00", currency: "SAR", payment_url: null, expires_at: null, failure: null, ...more };
}

function booking(
  status: Booking["status"],
  paid: Payment | null = null,
  hold: string | null = null,
  due = "90.00",
): Booking {
  return {
    status,
    amount_due: due,
    hold_expires_at: hold,
    cancellation_fee: "0.00",
    price: { amount: "130.00", currency: "SAR", vat: "16.96" },
    payment: paid,
  } as Booking;
}

test("a pending booking waits for the money or for the salon", () => {
  expect(visitState(booking("pending", null, SOON))).toBe("awaits_payment");
  expect(visitState(booking("pending"))).toBe("awaits_salon");
  expect(visitState(booking("no_show"))).toBe("no_show");
});

describe("who can pay", () => {
  const url = { payment_url: "https://pay.example/1" };
  test.each([
    ["a hold", booking("pending", null, SOON), true],
    ["a hold with an open link", booking("pending", payment("initiated", url), SOON), true],
    ["a hold after a failure", booking("pending", payment("failed"), SOON), true],
    ["a hold that ran out", booking("pending", null, PAST), false],
    ["a hold whose money is being looked for", booking("pending", payment("unknown"), SOON), false],
    ["a hold whose money is reserved", booking("pending", payment("authorized"), SOON), false],
    ["a hold that is paid", booking("pending", payment("paid"), SOON), false],
    ["what waits for the salon", booking("pending"), false],
    ["a confirmed visit", booking("confirmed"), true],
    ["a confirmed visit with its advance", booking("confirmed", payment("paid")), true],
    ["a confirmed visit that is paid", booking("confirmed", payment("paid", { amount: "130.00" }), null, "0.00"), false],
    ["a confirmed visit that was paid in two parts", booking("confirmed", payment("paid"), null, "0.00"), false],
    ["a confirmed visit under review", booking("confirmed", payment("review")), false],
    ["a completed visit whose link is open", booking("completed", payment("initiated", url)), true],
    ["a completed visit", booking("completed"), false],
    ["a cancelled one that owes a fee", { ...booking("cancelled", payment("initiated", url)), cancellation_fee: "40.00" }, true],
    ["a hold that was given up", booking("cancelled", payment("initiated", url)), false],
    ["an expired one", booking("expired", payment("initiated", url)), false],
  ])("%s: %#", (_name, visit, expected) => {
    expect(isPayable(visit, NOW)).toBe(expected);
  });
});

describe("what became of a payment", () => {
  test.each([
    ["paid", booking("confirmed", payment("paid"))],
    ["paid", booking("completed", payment("captured"))],
    ["processing", booking("pending", payment("paid"), SOON)],
    ["processing", booking("pending", payment("authorized"), SOON)],
    ["processing", booking("pending", payment("unknown"), SOON)],
    ["open", booking("pending", payment("initiated"), SOON)],
    ["open", booking("pending", null, SOON)],
    ["open", booking("pending", payment("expired"), SOON)],
    ["failed", booking("pending", payment("failed", { failure: REASON }), SOON)],
    ["failed", booking("pending", payment("initiated", { failure: REASON }), SOON)],
    ["review", booking("pending", payment("review"), SOON)],
    ["released", booking("pending", payment("voided"), SOON)],
    ["expired", booking("expired", payment("failed", { failure: REASON }))],
    ["expired", booking("expired", payment("expired"))],
    ["late_released", booking("expired", payment("voided"))],
    ["late", booking("expired", payment("paid"))],
    ["late", booking("cancelled", payment("authorized"))],
  ] as const)("%s: %#", (expected, visit) => {
    expect(outcomeOf(visit)).toBe(expected);
  });

  test("only what may still change is looked at again, for a minute", () => {
    expect(["processing", "open", "paid", "failed", "late"].map((outcome) => isUndecided(outcome as "paid"))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    const after = (looks: number, more: object) =>
      pauseAfter({ dataUpdateCount: looks, errorUpdateCount: 0, ...more } as Parameters<typeof pauseAfter>[0]);
    const open = { data: booking("pending", null, SOON) };
    expect([1, 2, 3, 4, 5, 6, 7].map((looks) => after(looks, open))).toEqual([1, 2, 4, 8, 15, 30, undefined]);
    expect(after(1, { data: booking("confirmed", payment("paid")) })).toBeUndefined();
    expect(after(1, { error: new Refusal(0, []) })).toBe(1);
    expect(after(1, { error: new Refusal(404, []) })).toBeUndefined();
  });
});

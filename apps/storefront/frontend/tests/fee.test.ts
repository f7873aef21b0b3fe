import { expect, test } from "vitest";
import type { Booking, Payment } from "../src/api/queries";
import { lessText } from "../src/lib/money";
import { moneyOfCancelling } from "../src/pages/booking/fee";

function cancelling(fee: string, status?: Payment["status"], amount = "345.50") {
  const payment = status ? { status, amount } : null;
  return moneyOfCancelling({ cancellation_fee: fee, payment } as Booking);
}

test.each([
  ["345.50", "172.75", "172.75"],
  ["100.00", "100.00", "0.00"],
  ["50.00", "172.75", "0.00"],
  ["1000.05", "0.10", "999.95"],
])("%s less %s is %s", (amount, taken, left) => {
  expect(lessText(amount, taken)).toBe(left);
});

test("what was paid beyond the fee comes back", () => {
  expect(cancelling("172.75", "paid")).toEqual({ fee: "172.75", paid: "345.50", back: "172.75", owed: "0.00" });
});

test("what the deposit does not cover is still owed", () => {
  expect(cancelling("172.75", "captured", "100.00")).toEqual({
    fee: "172.75",
    paid: "100.00",
    back: "0.00",
    owed: "72.75",
  });
});

test.each(["initiated", "failed", "expired", "voided"] as const)("a payment that is %s brought nothing", (status) => {
  expect(cancelling("0.00", status).paid).toBe("0.00");
});

test("without a payment only the fee is left", () => {
  expect(cancelling("40.00")).toEqual({ fee: "40.00", paid: "0.00", back: "0.00", owed: "40.00" });
});

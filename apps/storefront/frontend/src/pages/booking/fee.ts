/** What cancelling now means in money: what the salon keeps or asks for, and what comes back of what was paid. */
import type { Booking } from "../../api/queries";
import { lessText } from "../../lib/money";

const PAID = ["paid", "captured", "authorized"];

export function moneyOfCancelling({ cancellation_fee: fee, payment }: Booking) {
  const paid = payment && PAID.includes(payment.status) ? payment.amount : "0.00";
  return { fee, paid, back: lessText(paid, fee), owed: lessText(fee, paid) };
}

/** A page of somebody who is signed in, before an API that answers as told. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { vi } from "vitest";
import type { Booking } from "../src/api/queries";
import { signedIn } from "../src/api/session";

export const NOW = new Date("2026-03-01T12:00:00+03:00");

export const BOOKING: Booking = {
  id: "b1",
  reference: "K7Q-3MX-9TP",
  status: "confirmed",
  salon: { slug: "areej", name: "Areej" },
  service: { id: "cut", name: "Haircut" },
  staff: { id: "noura", name: "Noura" },
  starts_at: "2026-03-05T16:00:00+03:00",
  ends_at: "2026-03-05T17:00:00+03:00",
  price: { amount: "345.50", currency: "SAR", vat: "45.07" },
  note: "",
  guest_name: "",
  hold_expires_at: null,
  can_cancel_until: "2026-03-05T16:00:00+03:00",
  can_reschedule_until: "2026-03-04T16:00:00+03:00",
  cancellation_fee: "0.00",
  review: null,
  payment: null,
  amount_due: "345.50",
};

export interface Call {
  what: string;
  said: unknown;
}

type Answers = Record<string, () => Response>;

export const refusal = (status: number, code: string, detail: string, attr: string | null = null) => () =>
  Response.json({ type: "client_error", errors: [{ code, detail, attr }] }, { status });

/** What was asked of the API, `POST /api/v1/…`; what nobody told it to answer is missing. */
export function answering(answers: Answers): Call[] {
  const calls: Call[] = [];
  vi.stubGlobal("fetch", async (asked: Request | string, more?: RequestInit) => {
    const request = typeof asked === "string" ? new Request(new URL(asked, window.location.href), more) : asked;
    const what = `${request.method} ${new URL(request.url).pathname}`;
    const text = await request.text();
    calls.push({ what, said: text ? JSON.parse(text) : null });
    return (answers[what] ?? refusal(404, "not_found", "Not found."))();
  });
  return calls;
}

export function show(page: ReactNode): void {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  signedIn({ access: "token" });
  render(<QueryClientProvider client={new QueryClient()}>{page}</QueryClientProvider>);
}

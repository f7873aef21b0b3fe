import { cleanup, fireEvent, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { useBooking, type Booking } from "../src/api/queries";
import { BookingActions } from "../src/pages/booking/actions";
import { BOOKING, answering, refusal, show } from "./own";

const HERE = "GET /api/v1/bookings/b1/";
const CANCEL = "POST /api/v1/bookings/b1/cancel/";
const REVIEW = "POST /api/v1/bookings/b1/review/";

function Page() {
  const booking = useBooking("b1");
  return booking.data ? <BookingActions booking={booking.data} /> : null;
}

async function open(booking: Partial<Booking>, answers: Record<string, () => Response> = {}) {
  const calls = answering({ [HERE]: () => Response.json({ ...BOOKING, ...booking }), ...answers });
  await show(<Page />);
  return calls;
}

const button = (name: string) => screen.findByRole("button", { name });
const press = async (name: string) => fireEvent.click(await button(name));
const steps = (calls: { what: string }[]) => calls.filter(({ what }) => what.startsWith("POST"));

async function openDialog(): Promise<HTMLElement> {
  await press("Cancel the booking");
  return screen.findByRole("dialog");
}

const submit = (form: HTMLElement) => {
  const found = form.querySelector("form");
  if (found) fireEvent.submit(found);
};

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("the fee and what comes back are shown before anything is cancelled", async () => {
  const payment = { status: "paid", amount: "345.50" } as Booking["payment"];
  const calls = await open({ cancellation_fee: "172.75", payment });
  const dialog = await openDialog();
  expect([...dialog.querySelectorAll("dl > div")].map((sum) => sum.textContent)).toEqual([
    "Cancellation feeSAR 172.75",
    "You paidSAR 345.50",
    "You get backSAR 172.75",
  ]);
  expect(steps(calls)).toEqual([]);
});

test("the fee is asked for anew when the dialog opens", async () => {
  let fee = "0.00";
  await open({}, { [HERE]: () => Response.json({ ...BOOKING, cancellation_fee: fee }) });
  await button("Cancel the booking");
  fee = "40.00";
  const dialog = await openDialog();
  await vi.waitFor(() => expect(dialog.textContent).toContain("SAR 40"));
});

test("cancelling says so, and leads to another booking", async () => {
  const cancelled = { ...BOOKING, status: "cancelled" };
  const calls = await open({}, { [CANCEL]: () => Response.json(cancelled) });
  const dialog = await openDialog();
  fireEvent.change(await screen.findByLabelText("Reason (optional)"), { target: { value: " I am away " } });
  submit(dialog);
  await screen.findByText("The booking is cancelled.");
  expect(steps(calls)).toEqual([{ what: CANCEL, said: { reason: "I am away" } }]);
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(screen.getByText("Book again").getAttribute("href")).toBe("/salons/areej/cut/");
  expect(document.activeElement).toBe(screen.getByRole("region", { name: "Change this booking" }));
});

test("a refusal is told in the dialog, and what was typed stays", async () => {
  await open({}, { [CANCEL]: refusal(400, "too_late", "It is too late.", "non_field_errors") });
  const dialog = await openDialog();
  const reason = await screen.findByLabelText<HTMLTextAreaElement>("Reason (optional)");
  fireEvent.change(reason, { target: { value: "I am away" } });
  submit(dialog);
  expect((await screen.findByText("It is too late.")).closest("dialog")).toBe(dialog);
  expect(reason.value).toBe("I am away");
});

test("when it is too late to move, the salon is to be called, and cancelling is still offered", async () => {
  await open({ can_reschedule_until: "2026-03-01T11:59:00+03:00" });
  await button("Cancel the booking");
  expect(screen.queryByText("Move to another time")).toBeNull();
  expect(screen.getByText(/It is too late to move/)).toBeTruthy();
});

test("a booking that began is neither moved nor cancelled", async () => {
  await open({ status: "arrived", can_cancel_until: null, can_reschedule_until: null });
  await screen.findByText("Book again");
  expect(screen.queryByRole("button")).toBeNull();
});

test("a review needs stars, and is sent once", async () => {
  const review = { rating: 4, comment: "Lovely" };
  const completed: Booking = { ...BOOKING, status: "completed" };
  const calls = await open(completed, { [REVIEW]: () => Response.json({ ...completed, review }) });
  await press("Send the review");
  await screen.findByText("Choose one to five stars.");
  expect(steps(calls)).toEqual([]);

  fireEvent.click(screen.getByRole("radio", { name: "4 stars" }));
  fireEvent.change(screen.getByLabelText("Comment (optional)"), { target: { value: "Lovely" } });
  await press("Send the review");
  await screen.findByText("Thank you for your review.");
  expect(steps(calls)).toEqual([{ what: REVIEW, said: review }]);
  expect(screen.getByRole("img", { name: "4 stars" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Send the review" })).toBeNull();
});

test("a refused review keeps stars and words", async () => {
  await open({ status: "completed" }, { [REVIEW]: refusal(400, "max_length", "Too long.", "comment") });
  fireEvent.click(await screen.findByRole("radio", { name: "2 stars" }));
  fireEvent.change(screen.getByLabelText("Comment (optional)"), { target: { value: "Long" } });
  await press("Send the review");
  await screen.findByText("Too long.");
  expect(screen.getByRole<HTMLInputElement>("radio", { name: "2 stars" }).checked).toBe(true);
  expect(screen.getByLabelText<HTMLTextAreaElement>("Comment (optional)").value).toBe("Long");
});

import { cleanup, fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import Move from "../src/pages/move";
import { BOOKING, answering, refusal, show } from "./own";

const HERE = "GET /api/v1/bookings/b1/";
const SLOTS = "GET /api/v1/salons/areej/slots/";
const MOVE = "POST /api/v1/bookings/b1/reschedule/";
const FREE = "2026-03-05T10:00:00+03:00";

async function open(answers: Record<string, () => Response> = {}) {
  const people = [BOOKING.staff, { id: "huda", name: "Huda" }];
  const calls = answering({
    [HERE]: () => Response.json(BOOKING),
    "GET /api/v1/salons/areej/": () => Response.json({ slug: "areej", timezone: "Asia/Riyadh", phone: "+966112450011" }),
    "GET /api/v1/salons/areej/staff/": () => Response.json({ results: people }),
    [SLOTS]: () => Response.json({ timezone: "Asia/Riyadh", slots: [{ starts_at: FREE, ends_at: FREE, staff: ["huda"] }] }),
    ...answers,
  });
  await show(<Move id="b1" />);
  return calls;
}

const press = async (name: RegExp) => fireEvent.click(await screen.findByRole("button", { name }));
const count = (calls: { what: string }[], what: string) => calls.filter((call) => call.what === what).length;

beforeEach(() => window.history.replaceState(null, "", "/bookings/b1/move/"));

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a time is confirmed beside the old one before anything is moved", async () => {
  const moved = { ...BOOKING, staff: { id: "huda", name: "Huda" }, starts_at: FREE };
  const calls = await open({ [MOVE]: () => Response.json(moved) });
  fireEvent.change(await screen.findByLabelText("With"), { target: { value: "anyone" } });
  await press(/^10:00/);
  await screen.findByRole("heading", { name: "Move to this time?" });
  expect(count(calls, MOVE)).toBe(0);
  expect(window.location.search).toBe(`?${new URLSearchParams({ staff: "huda", at: FREE })}`);
  const [before, after] = [...document.querySelectorAll(".change > div")].map((visit) => visit.textContent);
  expect(before).toMatch(/4:00.*Noura/);
  expect(after).toMatch(/10:00.*Huda/);

  await press(/^Move the booking/);
  await screen.findByText("The booking is moved.");
  expect(calls.find(({ what }) => what === MOVE)?.said).toEqual({ starts_at: FREE, staff: "huda" });
  expect(window.location.search).toBe("");
});

test("when the time is gone, it is told, and the times are asked for anew", async () => {
  const calls = await open({ [MOVE]: refusal(409, "slot_taken", "This time has just been taken.") });
  await press(/^10:00/);
  await screen.findByRole("heading", { name: "Move to this time?" });
  const asked = count(calls, SLOTS);
  await press(/^Move the booking/);
  await screen.findByText("This time has just been taken.");
  await screen.findByRole("button", { name: /^10:00/ });
  await vi.waitFor(() => expect(count(calls, SLOTS)).toBeGreaterThan(asked));
  expect(new URLSearchParams(window.location.search).has("at")).toBe(false);
});

test("too late while the page was open: it is told, and how to reach the salon", async () => {
  let until: string | null = BOOKING.can_reschedule_until;
  await open({
    [HERE]: () => Response.json({ ...BOOKING, can_reschedule_until: until }),
    [MOVE]: refusal(400, "too_late", "It is too late to change this booking.", "non_field_errors"),
  });
  await press(/^10:00/);
  await screen.findByRole("heading", { name: "Move to this time?" });
  until = "2026-03-01T11:59:00+03:00";
  await press(/^Move the booking/);
  await screen.findByText("It is too late to change this booking.");
  expect((await screen.findByRole("link", { name: "+966112450011" })).getAttribute("href")).toBe("tel:+966112450011");
  expect(screen.queryByRole("button", { name: /^10:00/ })).toBeNull();
});

test.each(["garbage", "2026-03-05T10:00:00"])("an address whose time is no moment (%s) shows the free times", async (at) => {
  window.history.replaceState(null, "", `/bookings/b1/move/?${new URLSearchParams({ staff: "huda", at })}`);
  await open();
  await screen.findByRole("button", { name: /^10:00/ });
  expect(screen.queryByRole("heading", { name: "Move to this time?" })).toBeNull();
});

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Slot } from "../src/api/queries";
import { SlotPicker } from "../src/ui/slot-picker";

const slot = (starts_at: string): Slot => ({ starts_at, ends_at: starts_at, staff: [] });
const TUESDAY = slot("2026-03-03T10:00:00+03:00");
const FRIDAY = slot("2026-03-06T18:30:00+03:00");
const LATER = slot("2026-03-20T09:00:00+03:00");

let asked: string[] = [];
const onPick = vi.fn();

function open(slots: Slot[], day?: string) {
  vi.stubGlobal("fetch", (request: Request) => {
    const query = new URL(request.url).searchParams;
    const [from, to] = [query.get("from") ?? "", query.get("to") ?? ""];
    asked.push(`${from} ${to}`);
    const found = slots.filter((one) => from <= one.starts_at.slice(0, 10) && one.starts_at.slice(0, 10) <= to);
    return Promise.resolve(Response.json({ timezone: "Asia/Riyadh", slots: found }));
  });
  render(
    <QueryClientProvider client={new QueryClient()}>
      <SlotPicker slug="areej" zone="Asia/Riyadh" service="cut" day={day} onPick={onPick} />
    </QueryClientProvider>,
  );
}

const button = (name: RegExp) => screen.findByRole<HTMLButtonElement>("button", { name });
const pressed = (one: HTMLElement) => one.getAttribute("aria-pressed");

beforeEach(() => {
  asked = [];
  onPick.mockClear();
  // Already the second of March in Riyadh.
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-03-01T22:00:00Z") });
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("the first day with slots is chosen, and days without are closed", async () => {
  open([TUESDAY, FRIDAY]);
  await button(/^10:00/);
  expect(asked).toEqual(["2026-03-02 2026-03-15"]);
  expect(pressed(await button(/^Tue 3/))).toBe("true");
  expect((await button(/^Wed 4/)).disabled).toBe(true);
  expect((await button(/^Mon 2/)).getAttribute("aria-current")).toBe("date");
});

test("a tap shows the times of a day, and one on a time hands it over", async () => {
  open([TUESDAY, FRIDAY]);
  await button(/^10:00/);
  fireEvent.click(await button(/^Fri 6/));
  const time = await button(/^6:30/);
  fireEvent.click(time);
  expect(screen.queryByRole("button", { name: /^10:00/ })).toBeNull();
  expect(pressed(time)).toBe("true");
  expect(onPick.mock.calls).toEqual([[FRIDAY]]);
});

test("two weeks without slots say so and lead further", async () => {
  open([LATER]);
  fireEvent.click(await button(/Look further/));
  await button(/^9:00/);
  expect(asked).toEqual(["2026-03-02 2026-03-15", "2026-03-16 2026-03-29"]);
  expect(document.activeElement).toBe(screen.getByRole("group", { name: "Days" }));
});

test("a day named at first is opened in its weeks", async () => {
  open([TUESDAY, LATER, slot("2026-03-21T11:00:00+03:00")], "2026-03-21");
  await button(/^11:00/);
  expect(asked).toEqual(["2026-03-16 2026-03-29"]);
  expect(pressed(await button(/^Sat 21/))).toBe("true");
});

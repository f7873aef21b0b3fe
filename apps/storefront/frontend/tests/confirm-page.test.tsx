import { QueryClientProvider, notifyManager } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { queryClient } from "../src/api/queries";
import { signedIn } from "../src/api/session";
import Confirm from "../src/pages/confirm";
import { answering, refusal } from "./own";

const AT = "2026-03-05T16:00:00+03:00";
const SALON = { slug: "areej", name: "Areej", timezone: "Asia/Riyadh", confirmation: "at_once" };
const QUOTE = {
  price: { amount: "100.00", currency: "SAR", vat: "13.04" },
  prepay: "0.00",
  free_cancellation_until: AT,
  late_cancellation_fee: "0.00",
  quote: "q",
};

const answers = (): Record<string, () => Response> => ({
  "GET /api/v1/salons/areej/": () => Response.json(SALON),
  "GET /api/v1/salons/areej/services/": () =>
    Response.json({ results: [{ id: "cut", name: "Haircut", duration_minutes: 30 }], next: null }),
  "GET /api/v1/salons/areej/staff/": () => Response.json({ results: [], next: null }),
  "GET /api/v1/me/": () => Response.json({ id: "u" }),
  "GET /api/v1/bookings/quote/": () => Response.json(QUOTE),
});

// What was read is on the page once `act` is over.
beforeEach(() => notifyManager.setScheduler(queueMicrotask));
afterEach(() => {
  cleanup();
  queryClient.clear();
  vi.unstubAllGlobals();
});

function open() {
  window.history.replaceState(null, "", `/salons/areej/cut/confirm/?${new URLSearchParams({ at: AT })}`);
  signedIn({ access: "token" });
  render(
    <QueryClientProvider client={queryClient}>
      <Confirm slug="areej" service="cut" />
    </QueryClientProvider>,
  );
}

test("a service that went off sale meanwhile is no page any more", async () => {
  answering({
    ...answers(),
    "GET /api/v1/salons/areej/services/": () => Response.json({ results: [], next: null }),
    "GET /api/v1/salons/areej/staff/": refusal(400, "does_not_exist", "This does not exist.", "service"),
  });
  open();

  await screen.findByRole("heading", { name: "Not found" });
  expect(screen.queryByText("This does not exist.")).toBeNull();
});

test("what was typed stays when reading anew is refused", async () => {
  answering(answers());
  open();
  fireEvent.change(await screen.findByLabelText("Note for the salon (optional)"), { target: { value: "no perfume" } });

  const refused = refusal(429, "throttled", "Not now.");
  answering(Object.fromEntries(Object.keys(answers()).map((what) => [what, refused])));
  await act(async () => queryClient.refetchQueries());

  expect(queryClient.getQueryState(["salon", "areej"])?.status).toBe("error");
  expect(queryClient.getQueryState(["me"])?.status).toBe("error");
  expect(screen.getByLabelText<HTMLTextAreaElement>("Note for the salon (optional)").value).toBe("no perfume");
});

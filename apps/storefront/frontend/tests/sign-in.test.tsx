import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { compareWith } from "../src/lib/clock";
import { SignedIn } from "../src/ui/sign-in";

interface Sent {
  path: string;
  said: unknown;
}

const SENT = [202, { challenge_id: "c1", expires_in: 300, resend_in: 60 }] as const;
const ENTERED = [200, { access: "a", user: { id: "u" } }] as const;
const refusal = (code: string, attr: string | null, detail: string) => ({ type: "x", errors: [{ code, attr, detail }] });

let calls: Sent[];

/** The API answers these, one after the other. */
function answering(...answers: (readonly [number, object, Record<string, string>?])[]) {
  calls = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    calls.push({ path: new URL(request.url, "http://h").pathname, said: JSON.parse(await request.text()) });
    const [status, said, headers = {}] = answers[calls.length - 1] ?? [500, {}];
    return new Response(JSON.stringify(said), { status, headers: { "Content-Type": "application/json", ...headers } });
  });
}

function open() {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <SignedIn>inside</SignedIn>
    </QueryClientProvider>,
  );
}

async function askForCode(phone = "055 123 4567") {
  fireEvent.change(screen.getByLabelText("Mobile number"), { target: { value: phone } });
  fireEvent.click(screen.getByText("Send the code"));
  return screen.findByLabelText<HTMLInputElement>("Code");
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  cleanup();
  compareWith(null);
  vi.useRealTimers();
});

test("what the API says of the phone stands next to it, and what was typed stays", async () => {
  answering([400, refusal("phone_invalid", "phone", "No Saudi mobile.")]);
  open();
  fireEvent.change(screen.getByLabelText("Mobile number"), { target: { value: "12" } });
  fireEvent.click(screen.getByLabelText("WhatsApp"));
  fireEvent.click(screen.getByText("Send the code"));

  await screen.findByText("No Saudi mobile.");
  const phone = screen.getByLabelText<HTMLInputElement>("Mobile number");
  expect([phone.value, phone.getAttribute("aria-invalid")]).toEqual(["12", "true"]);
  expect(calls).toEqual([{ path: "/api/v1/auth/otp/request/", said: { phone: "12", channel: "whatsapp" } }]);
});

test("on a phone that is an hour fast the wait is as long as the API says", async () => {
  const anHourAgo = new Date(Date.now() - 3_600_000).toUTCString();
  answering([429, refusal("rate_limited", null, "Too many attempts."), { "Retry-After": "125", Date: anHourAgo }]);
  open();

  fireEvent.click(screen.getByText("Send the code"));

  await screen.findByText("Too many attempts.");
  expect(screen.getByText(/^You can try again in/).textContent).toBe("You can try again in 2:05");
});

test("who has to wait is told how long, and cannot ask before", async () => {
  answering([429, refusal("rate_limited", null, "Too many attempts."), { "Retry-After": "125" }]);
  open();
  fireEvent.change(screen.getByLabelText("Mobile number"), { target: { value: "0551234567" } });
  fireEvent.click(screen.getByText("Send the code"));

  await screen.findByText("Too many attempts.");
  expect(screen.getByText(/^You can try again in/).textContent).toBe("You can try again in 2:05");
  expect(screen.getByText<HTMLButtonElement>("Send the code").disabled).toBe(true);
});

test("a wrong code is told and keeps the focus; another one is counted down", async () => {
  answering(SENT, [400, refusal("otp_incorrect", "code", "Not correct.")]);
  open();
  const code = await askForCode();
  fireEvent.change(code, { target: { value: "123456" } });

  await screen.findByText("Not correct.");
  expect([document.activeElement, code.value]).toEqual([code, "123456"]);
  expect(screen.getByText(/^You can ask for a new code in/).textContent).toBe("You can ask for a new code in 1:00");
  expect(calls).toHaveLength(2);
});

test("six digits sign in by themselves, in whatever digits they are pasted", async () => {
  answering(SENT, ENTERED);
  open();
  const code = await askForCode();
  fireEvent.change(code, { target: { value: "١٢٣٤٥" } });
  expect(calls).toHaveLength(1);
  fireEvent.change(code, { target: { value: "١٢٣ ٤٥٦" } });

  await screen.findByText("inside");
  expect(calls[1]).toEqual({
    path: "/api/v1/auth/otp/verify/",
    said: { client: "web", challenge_id: "c1", code: "123456" },
  });
});

import { cleanup, fireEvent, screen } from "@testing-library/react";
import i18next from "i18next";
import { afterEach, expect, test, vi } from "vitest";
import Profile from "../src/pages/profile";
import { answering, refusal, show } from "./own";

const ME = { id: "p1", phone: "+966551234567", name: "Huda", locale: "en", marketing_consent: false };
const SAVE = "PATCH /api/v1/me/";
const SENT = { challenge_id: "c1", expires_in: 300, resend_in: 60 };

async function open(answers: Record<string, () => Response> = {}) {
  const calls = answering({ "GET /api/v1/me/": () => Response.json(ME), ...answers });
  await show(<Profile />);
  return calls;
}

const press = async (name: string) => fireEvent.click(await screen.findByRole("button", { name }));
const type = async (label: string, value: string) =>
  fireEvent.change(await screen.findByLabelText(label), { target: { value } });
const said = (calls: { what: string; said: unknown }[], what: string) =>
  calls.filter((call) => call.what === what).map((call) => call.said);

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("only what was changed is saved, and saving tells so", async () => {
  const calls = await open({ [SAVE]: () => Response.json({ ...ME, name: "Hind" }) });
  await type("Name", "Hind");
  await press("Save");
  await screen.findByText("Saved.");
  expect(said(calls, SAVE)).toEqual([{ name: "Hind" }]);
  expect(screen.getByLabelText<HTMLInputElement>("Name").value).toBe("Hind");
});

test("another language is the page's too", async () => {
  await open({ [SAVE]: () => Response.json({ ...ME, locale: "ar" }) });
  await type("Language", "ar");
  await press("Save");
  await screen.findByText("تم الحفظ.");
  expect([i18next.language, document.documentElement.dir]).toEqual(["ar", "rtl"]);
});

test("a refusal stands next to its field, and what was typed stays", async () => {
  await open({ [SAVE]: refusal(400, "max_length", "Too long.", "name") });
  await type("Name", "Hind");
  await press("Save");
  await screen.findByText("Too long.");
  const field = screen.getByLabelText<HTMLInputElement>("Name");
  expect([field.value, field.getAttribute("aria-invalid")]).toEqual(["Hind", "true"]);
  expect(screen.queryByText("Saved.")).toBeNull();
});

test("a new number counts once its code is proven", async () => {
  const calls = await open({
    "POST /api/v1/me/phone/": () => Response.json(SENT, { status: 202 }),
    "POST /api/v1/me/phone/verify/": () => Response.json({ ...ME, phone: "+966599123456" }),
  });
  await press("Change the number");
  await type("New mobile number", "0599123456");
  await press("Send the code");
  await type("Code", "١٢٣-٤٥٦");
  await press("Change the number");
  await screen.findByText("Your number is changed. Other devices are signed out.");
  expect(said(calls, "POST /api/v1/me/phone/")).toEqual([{ phone: "0599123456", channel: "sms" }]);
  expect(said(calls, "POST /api/v1/me/phone/verify/")).toEqual([{ challenge_id: "c1", code: "123456" }]);
  expect(screen.getByText("+966599123456")).toBeTruthy();
});

test("an old sign-in has to be renewed before the number is changed", async () => {
  await open({
    "POST /api/v1/me/phone/": refusal(403, "sign_in_again", "Please sign in again before you change this."),
    "POST /api/v1/auth/logout/": () => new Response(null, { status: 204 }),
  });
  await press("Change the number");
  await type("New mobile number", "0599123456");
  await press("Send the code");
  await screen.findByText("Please sign in again before you change this.");
  await press("Sign in again");
  await screen.findByRole("heading", { name: "Sign in with your phone" });
});

test("erasure is asked for behind a question, and what stands against it is told", async () => {
  const obstacles = [{ code: "open_booking", detail: "Booking K7Q-3MX-9TP is still open." }];
  const calls = await open({
    "DELETE /api/v1/me/": () => Response.json({ due_on: "2026-03-31", obstacles }, { status: 202 }),
  });
  await press("Erase my data");
  await screen.findByText("It is done within 30 days, and cannot be undone.");
  expect(said(calls, "DELETE /api/v1/me/")).toEqual([]);
  await press("Ask for erasure");
  await screen.findByText("Booking K7Q-3MX-9TP is still open.");
  expect(screen.getByText(/31 March 2026/)).toBeTruthy();
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("who cannot be signed out for want of a connection is told", async () => {
  await open({
    "POST /api/v1/auth/logout/": () => {
      throw new TypeError("no connection");
    },
  });
  await press("Sign out");
  await screen.findByText("That did not work, and you are still signed in. Please try again.");
  expect(screen.getByLabelText("Name")).toBeTruthy();
});

import { beforeEach, describe, expect, test, vi } from "vitest";
import { mayHaveWorked, once } from "../src/api/once";
import type { Slot } from "../src/api/queries";
import { Refusal } from "../src/api/client";
import { book, unanswered } from "../src/pages/confirm/attempt";
import { momentOf } from "../src/lib/time";
import { nearest, withOthers, without } from "../src/pages/confirm/nearest";

const refused = (status: number, code: string) => new Refusal(status, [{ code, detail: "", attr: null }]);
const slot = (hour: string, ...staff: string[]) => ({
  starts_at: `2026-03-01T${hour}:00+03:00`,
  ends_at: `2026-03-01T${hour}:30+03:00`,
  staff,
});

beforeEach(() => sessionStorage.clear());

describe("one wish is sent under one key until an answer is known", () => {
  async function keysOf(...errors: (Error | null)[]): Promise<string[]> {
    const keys: string[] = [];
    for (const error of errors) {
      const send = (key: string) => {
        keys.push(key);
        return error ? Promise.reject(error) : Promise.resolve();
      };
      await once("a wish", send).catch(() => undefined);
    }
    return keys;
  }

  test.each([
    ["a lost answer", refused(0, "offline"), true],
    ["a busy server", refused(503, "unavailable"), true],
    ["a broken server", refused(500, "error"), true],
    ["its own twin", refused(409, "request_in_progress"), true],
    ["a taken time", refused(409, "slot_taken"), false],
    ["a raised price", refused(409, "price_changed"), false],
    ["a wrong field", refused(400, "invalid"), false],
    ["success", null, false],
  ])("after %s", async (_name, error, isSame) => {
    const [first, second] = await keysOf(error, null);
    expect(first === second).toBe(isSame);
    if (error) expect(mayHaveWorked(error)).toBe(isSame);
  });

  test.each([
    ["an ended sign-in", refused(401, "token_not_valid"), true],
    ["too many calls", refused(429, "throttled"), true],
    ["a taken time", refused(409, "slot_taken"), false],
  ])("after a lost answer and %s", async (_name, error, isSame) => {
    const [first, second, third] = await keysOf(refused(0, "offline"), error, null);
    expect(first).toBe(second);
    expect(second === third).toBe(isSame);
  });
});

test("a double click sends once, and both hear the answer", async () => {
  const send = vi.fn((key: string) => Promise.resolve(key));
  const [first, second] = await Promise.all([once("w", send), once("w", send)]);
  expect(send).toHaveBeenCalledTimes(1);
  expect(first).toBe(second);
  expect(await once("w", send)).not.toBe(first);
});

describe("what was sent and not answered", () => {
  const wanted = { service: "s", starts_at: "2026-03-01T15:00:00+03:00", note: "x" };
  const answer = (status: number, said: unknown) =>
    vi.stubGlobal("fetch", () =>
      Promise.resolve(new Response(JSON.stringify(said), { status, headers: { "Content-Type": "application/json" } })),
    );

  test("is kept over a reload", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("lost")));
    await expect(book("w", wanted)).rejects.toMatchObject({ status: 0 });
    expect(unanswered("w")).toEqual(wanted);
  });

  test("is forgotten when it was refused", async () => {
    answer(409, { type: "client_error", errors: [{ code: "slot_taken", detail: "Taken.", attr: null }] });
    await expect(book("w", wanted)).rejects.toMatchObject({ message: "Taken." });
    expect(unanswered("w")).toBeNull();
  });

  test.each([401, 429])("is kept when the repetition was turned away at the door (%i)", async (status) => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("lost")));
    await expect(book("w", wanted)).rejects.toMatchObject({ status: 0 });
    answer(status, { type: "client_error", errors: [{ code: "x", detail: "Not now.", attr: null }] });
    await expect(book("w", wanted)).rejects.toMatchObject({ message: "Not now." });
    expect(unanswered("w")).toEqual(wanted);
  });

  test.each([401, 429])("is none when the first call was turned away (%i)", async (status) => {
    answer(status, { type: "client_error", errors: [{ code: "x", detail: "Not now.", attr: null }] });
    await expect(book("w", wanted)).rejects.toMatchObject({ message: "Not now." });
    expect(unanswered("w")).toBeNull();
  });

  test("is forgotten when it was booked", async () => {
    answer(201, { id: "b" });
    await expect(book("w", wanted)).resolves.toEqual({ id: "b" });
    expect(unanswered("w")).toBeNull();
  });
});

describe("times around one that is gone", () => {
  const hours = (some: Slot[]) => some.map((one) => one.starts_at.slice(11, 13));
  const slots = ["09", "12", "14", "15", "16", "20"].map((hour) => slot(`${hour}:00`, "a"));

  test("the nearest come in the order of the clock", () => {
    expect(hours(nearest(slots, "2026-03-01T15:00:00+03:00", 3))).toEqual(["14", "15", "16"]);
  });

  test("the refused moment is left out, however it is written", () => {
    expect(hours(without(slots, "2026-03-01T12:00:00Z"))).toEqual(["09", "12", "14", "16", "20"]);
  });

  test("others than one person are those who are free besides them", () => {
    expect(hours(withOthers([slot("15:00", "a"), slot("16:00", "a", "b"), slot("17:00", "b")], "a"))).toEqual([
      "16",
      "17",
    ]);
  });
});

test("the moment in an address", () => {
  expect(momentOf("2026-03-01T15:00:00+03:00")).toBe("2026-03-01T15:00:00+03:00");
  expect(momentOf("2026-03-01T15:00:00 03:00")).toBe("2026-03-01T15:00:00+03:00");
  expect(momentOf("2026-03-01T12:00Z")).toBe("2026-03-01T12:00Z");
  expect(momentOf("2026-03-01T15:00:00")).toBeUndefined();
  expect(momentOf("2026-03-01T15:00:00+99:00")).toBeUndefined();
  expect(momentOf("2026-13-01T15:00:00+03:00")).toBeUndefined();
  expect(momentOf("2026")).toBeUndefined();
  expect(momentOf("tomorrow")).toBeUndefined();
  expect(momentOf(null)).toBeUndefined();
});

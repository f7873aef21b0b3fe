import { afterEach, expect, test, vi } from "vitest";
import { queryClient } from "../src/api/queries";
import { signOut, signedIn } from "../src/api/session";

afterEach(() => {
  vi.unstubAllGlobals();
  queryClient.clear();
});

function fill() {
  signedIn({ access: "token" });
  for (const key of [["me"], ["bookings"], ["booking", "1"], ["quote", "2"], ["salons", {}]]) {
    queryClient.setQueryData(key, "read");
  }
}

const kept = () => queryClient.getQueryCache().getAll().map(({ queryKey }) => queryKey[0]);

test("what was a person's is forgotten when they sign out, what everybody sees is not", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(null, { status: 204 })));
  fill();

  await signOut();

  expect(kept()).toEqual(["salons"]);
});

test("who could not be signed out keeps everything", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no connection")));
  fill();

  await expect(signOut()).rejects.toThrow("no connection");

  expect(kept()).toEqual(["me", "bookings", "booking", "quote", "salons"]);
});

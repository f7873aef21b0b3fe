import { afterEach, expect, test, vi } from "vitest";
import { queryClient } from "../src/api/queries";
import { accessToken, renew, signOut, signedIn } from "../src/api/session";

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

test.each([429, 503])("a sign-in that the API did not end is not said to be over (%i)", async (status) => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("{}", { status })));
  fill();

  await expect(signOut()).rejects.toThrow(String(status));

  expect(accessToken()).toBe("token");
  expect(localStorage.getItem("storefront.known")).not.toBeNull();
  expect(kept()).toEqual(["me", "bookings", "booking", "quote", "salons"]);
});

test("a sign-in that was over before is forgotten", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("{}", { status: 401 })));
  fill();

  await signOut();

  expect(accessToken()).toBe("");
});

test("signing out waits for a renewal under way, whose token does not come after it", async () => {
  const asked: string[] = [];
  let renewed = (_answer: Response) => {};
  vi.stubGlobal("fetch", (place: string) => {
    asked.push(place.replace("/api/v1/auth/", ""));
    if (place.endsWith("logout/")) return Promise.resolve(new Response(null, { status: 204 }));
    return new Promise<Response>((answer) => {
      renewed = answer;
    });
  });
  fill();

  const renewing = renew();
  const leaving = signOut();
  await vi.waitFor(() => expect(asked).toEqual(["token/refresh/"]));
  renewed(Response.json({ access: "next" }));
  await Promise.all([renewing, leaving]);

  expect(asked).toEqual(["token/refresh/", "logout/"]);
  expect(accessToken()).toBe("");
});

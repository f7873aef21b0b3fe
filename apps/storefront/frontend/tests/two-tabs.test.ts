import { beforeEach, expect, test, vi } from "vitest";
import { api } from "../src/api/client";
import { accessToken, signedIn } from "../src/api/session";

const KNOWN = "storefront.known";
let asked: string[];

beforeEach(() => {
  asked = [];
  signedIn({ access: "old" });
  vi.spyOn(window.location, "reload").mockReturnValue();
  vi.stubGlobal("fetch", async (what: Request | string) => {
    if (typeof what === "string") {
      asked.push(what);
      return Response.json({ access: "next" });
    }
    const token = what.headers.get("Authorization");
    asked.push(`${what.method} ${await what.text()} ${token}`);
    return token === "Bearer old" ? Response.json({ errors: [] }, { status: 401 }) : Response.json({});
  });
});

const save = () => api.PATCH("/api/v1/me/", { body: { name: "Noura" } });

test("what an old token could not send is sent once more with the next one", async () => {
  const { response } = await save();

  expect(response.status).toBe(200);
  expect(asked).toEqual([
    'PATCH {"name":"Noura"} Bearer old',
    "/api/v1/auth/token/refresh/",
    'PATCH {"name":"Noura"} Bearer next',
  ]);
  expect(window.location.reload).not.toHaveBeenCalled();
});

test.each([["signed in", "another sign-in"], ["signed out", null]])(
  "what one person wrote is not sent for somebody who %s in another tab",
  async (_name, there) => {
    if (there) localStorage.setItem(KNOWN, there);
    else localStorage.removeItem(KNOWN);

    const { response } = await save();

    expect(response.status).toBe(401);
    expect(asked).toEqual(['PATCH {"name":"Noura"} Bearer old', "/api/v1/auth/token/refresh/"]);
    expect(accessToken()).toBe("");
    expect(window.location.reload).toHaveBeenCalledOnce();
  },
);

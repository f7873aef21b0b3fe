import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { resume, signedIn } from "../src/api/session";
import { SignedIn } from "../src/ui/sign-in";

const KNOWN = "storefront.known";

beforeEach(() => signedIn({ access: "old" }));
afterEach(cleanup);

const answering = (answer: () => Response) => vi.stubGlobal("fetch", async () => answer());
const busy = (status: number) => () => new Response("{}", { status });

async function visit() {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <SignedIn>inside</SignedIn>
    </QueryClientProvider>,
  );
  await resume();
}

test.each([
  ["a busy server", busy(503)],
  ["too many tries", busy(429)],
  [
    "no connection",
    () => {
      throw new TypeError("no connection");
    },
  ],
])("after %s an earlier visit goes on by trying again", async (_name, answer) => {
  answering(answer);
  await visit();

  await screen.findByText("This does not work at the moment. Please try again.");
  expect(localStorage.getItem(KNOWN)).not.toBeNull();

  answering(() => Response.json({ access: "next" }));
  fireEvent.click(screen.getByText("Try again"));
  await screen.findByText("inside");
});

test("a visit whose cookie no longer counts begins with signing in", async () => {
  answering(busy(401));
  await visit();

  await screen.findByText("Sign in with your phone");
  expect(localStorage.getItem(KNOWN)).toBeNull();
});

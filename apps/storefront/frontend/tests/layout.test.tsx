import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Link, Route } from "wouter";
import { Layout } from "../src/ui/layout";

beforeEach(() => {
  window.history.replaceState(null, "", "/");
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Layout>
        <Route path="/">
          <Link href="/salons/areej/">Areej</Link>
        </Route>
        <Route path="/salons/:slug/">A salon</Route>
      </Layout>
    </QueryClientProvider>,
  );
  vi.spyOn(window, "scrollTo").mockReturnValue();
});
afterEach(cleanup);

function follow(name: string) {
  const link = screen.getByRole("link", { name });
  link.focus();
  act(() => link.click());
}

test("the keyboard begins a first visit before everything else", () => {
  expect(document.activeElement).toBe(document.body);
});

test("after a link that left with its page the keyboard goes on at the top of the next one", () => {
  follow("Areej");

  expect(screen.getByText("A salon")).toBeTruthy();
  expect(document.activeElement?.id).toBe("main");
  expect(window.scrollTo).toHaveBeenCalledWith(0, 0);
});

test("after a link that stays the keyboard stays on it", () => {
  follow("Profile");

  expect(document.activeElement?.textContent).toBe("Profile");
});

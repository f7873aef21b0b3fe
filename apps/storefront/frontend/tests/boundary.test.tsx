import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "../src/app";

// As after a new build, whose scripts have other names.
vi.mock("../src/pages/profile", () => Promise.reject(new TypeError("Failed to fetch dynamically imported module")));

beforeEach(() => {
  window.history.replaceState(null, "", "/");
  vi.spyOn(console, "error").mockReturnValue();
  vi.spyOn(window.location, "reload").mockReturnValue();
  vi.stubGlobal("fetch", async () => Response.json({ count: 0, next: null, results: [] }));
  render(
    <QueryClientProvider client={new QueryClient()}>
      <App />
    </QueryClientProvider>,
  );
});
afterEach(cleanup);

const follow = (name: string) => act(async () => void fireEvent.click(screen.getByRole("link", { name })));

test("a page whose script does not come can be asked for again", async () => {
  await follow("Profile");
  await screen.findByText("This does not work at the moment. Please try again.");

  fireEvent.click(screen.getByText("Try again"));

  expect(window.location.reload).toHaveBeenCalledOnce();
});

test("a page whose script does not come leaves the way to the others", async () => {
  await follow("Profile");
  await screen.findByText("This does not work at the moment. Please try again.");

  await follow("Salons");

  await screen.findByRole("searchbox");
  expect(screen.queryByText("This does not work at the moment. Please try again.")).toBeNull();
});

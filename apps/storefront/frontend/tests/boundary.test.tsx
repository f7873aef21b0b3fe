import { cleanup, render, screen } from "@testing-library/react";
import { Suspense, lazy } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { Boundary } from "../src/ui/boundary";

afterEach(cleanup);

test("a page whose script cannot be fetched says so and can be opened anew", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const Lost = lazy(() => Promise.reject<{ default: () => null }>(new TypeError("Failed to fetch")));

  render(
    <Boundary>
      <Suspense>
        <Lost />
      </Suspense>
    </Boundary>,
  );

  expect((await screen.findByRole("alert")).textContent).toContain("This does not work at the moment.");
  expect(screen.getByRole("button", { name: "Try again" })).toBeTruthy();
});

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { Salons } from "../src/pages/salons";

afterEach(cleanup);

const salon = (slug: string) => ({ slug, name: slug, city: "Riyadh", audience: "women", rating: null, review_count: 0 });

test("more salons than one page holds are all within reach", async () => {
  const asked: string[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (request) => {
    const page = new URL((request as Request).url).searchParams.get("page");
    asked.push(page ?? "");
    const [results, next] = page === "1" ? [[salon("areej"), salon("danat")], "more"] : [[salon("reem")], null];
    return Response.json({ count: 3, next, previous: null, results });
  });

  render(
    <QueryClientProvider client={new QueryClient()}>
      <Salons />
    </QueryClientProvider>,
  );
  await screen.findByText("areej");
  expect(screen.queryByText("reem")).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: "Show more salons" }));

  await screen.findByText("reem");
  expect(screen.getAllByRole("heading", { level: 2 }).map((name) => name.textContent)).toEqual(["areej", "danat", "reem"]);
  expect(screen.queryByRole("button", { name: "Show more salons" })).toBeNull();
  expect(asked).toEqual(["1", "2"]);
});

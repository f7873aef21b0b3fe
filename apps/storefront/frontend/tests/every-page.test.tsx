import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { useServices } from "../src/api/queries";

afterEach(cleanup);

function Count() {
  const services = useServices("reem");
  return <p>{services.data ? `${services.data.results.length} services` : "none yet"}</p>;
}

test("a salon with more services than one page holds shows all of them", async () => {
  const asked: string[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (request) => {
    const address = new URL((request as Request).url);
    asked.push(address.search);
    const page = Number(address.searchParams.get("page"));
    const results = Array.from({ length: page < 3 ? 100 : 7 }, (_, number) => ({ id: `${page}-${number}` }));
    return Response.json({ count: 207, next: page < 3 ? "more" : null, previous: null, results });
  });

  render(
    <QueryClientProvider client={new QueryClient()}>
      <Count />
    </QueryClientProvider>,
  );

  expect(await screen.findByText("207 services")).toBeTruthy();
  expect(asked).toEqual(["?page=1&page_size=100", "?page=2&page_size=100", "?page=3&page_size=100"]);
});

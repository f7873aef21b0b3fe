import { expect, test } from "vitest";
import { askedIn, asking } from "../src/pages/salons/search";

test("an address tells what is looked for, and only what can be", () => {
  const asked = (query: string) => askedIn(new URLSearchParams(query));
  expect(asked("search=areej&city=riyadh&audience=women")).toEqual({
    search: "areej",
    city: "riyadh",
    audience: "women",
  });
  expect(asked("search=&city=atlantis&audience=cats&page=2")).toEqual({});
});

test("one wish changes and the others stay", () => {
  const query = new URLSearchParams("search=areej&city=riyadh");
  expect(asking(query, "audience", "men").toString()).toBe("search=areej&city=riyadh&audience=men");
  expect(asking(query, "city", "").toString()).toBe("search=areej");
  expect(query.toString()).toBe("search=areej&city=riyadh");
});

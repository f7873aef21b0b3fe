import { expect, test } from "vitest";
import { personOf } from "../src/pages/move/rescheduling";

const slot = (...staff: string[]) => ({ starts_at: "", ends_at: "", staff });

test("the visit stays with its person where they are free", () => {
  expect(personOf(slot("areej", "noura"), "noura")).toBe("noura");
});

test("else it goes to who is free", () => {
  expect(personOf(slot("areej", "huda"), "noura")).toBe("areej");
});

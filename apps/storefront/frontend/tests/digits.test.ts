import { describe, expect, test } from "vitest";
import { digitsOf } from "../src/lib/digits";

describe("digits of a typed or pasted code", () => {
  test.each([
    ["123456", "123456"],
    ["١٢٣٤٥٦", "123456"],
    ["۰۹۸۷۶۵", "098765"],
    [" رمز الدخول: ١٢٣-456 ", "123456"],
    ["code", ""],
    ["१२", ""],
  ])("%s", (typed, expected) => {
    expect(digitsOf(typed)).toBe(expected);
  });
});

import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { When } from "../src/ui/text";

afterEach(cleanup);

test("day, Hijri day and hours do not run into each other where they are read in one line", () => {
  const { container } = render(
    <When starts="2026-03-05T00:30:00+03:00" ends="2026-03-05T01:15:00+03:00" zone="Asia/Riyadh" />,
  );

  expect(container.textContent.replaceAll("\u202f", " ")).toBe(
    "Thursday, 5 March 2026 16 Ramadan 1447 AH 12:30 am – 1:15 am",
  );
});

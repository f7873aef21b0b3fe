// @vitest-environment node
import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";

interface Package {
  name: string;
  version: string;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  overrides: Record<string, string>;
}

const HOME = new URL("..", import.meta.url);
const read = (path: string) => JSON.parse(readFileSync(new URL(path, HOME), "utf8")) as Package;

function installed(): string[] {
  return readdirSync(new URL("node_modules", HOME))
    .filter((name) => !name.startsWith(".") && !name.includes(".yml"))
    .flatMap((name) =>
      name.startsWith("@")
        ? readdirSync(new URL(`node_modules/${name}`, HOME)).map((inner) => `${name}/${inner}`)
        : [name],
    );
}

test("every installed package is pinned to the version that is installed", () => {
  const { dependencies, devDependencies, overrides } = read("package.json");
  const pins: Record<string, string> = { ...dependencies, ...devDependencies, ...overrides };
  // Programs for one platform, whose versions their packages pin themselves.
  const portable = installed().filter((name) => !/-(linux|darwin|win32|freebsd|android)/.test(name));

  const found = Object.fromEntries(portable.map((name) => [name, read(`node_modules/${name}/package.json`).version]));

  expect(found).toEqual(pins);
});

import { expect, test } from "vitest";
import { basicInterfaces } from "./wasi-interfaces.ts";

test("each interface is there once", () => {
  const names = basicInterfaces.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test.each(basicInterfaces)("$name suspends only in functions that it has", (host) => {
  const unknown = [...host.suspending].filter((name) => !Object.hasOwn(host.functions, name));
  expect(unknown).toEqual([]);
});

test.each(basicInterfaces)("$name has methods only of its resources", (host) => {
  const resources = Object.keys(host.functions)
    .map((name) => /^\[method\]([^.]+)\./.exec(name)?.[1])
    .filter((resource) => resource !== undefined);
  expect(Object.keys(host.resources)).toEqual(expect.arrayContaining(resources));
});

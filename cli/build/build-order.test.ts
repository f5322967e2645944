import { expect, test } from "vitest";
import { buildOrder } from "./build-order.ts";

function order(...steps: [id: string, workdir: string, after?: string[]][]): object {
  const given = steps.map(([id, workdir, after = []]) => ({ id, workdir, after }));
  return Object.fromEntries(buildOrder(given));
}

test("buildOrder lets independent steps run at once", () => {
  expect(order(["a", "/a"], ["b", "/b"])).toEqual({ a: [], b: [] });
});

test("buildOrder puts steps of one directory in a row", () => {
  expect(order(["a", "/x"], ["b", "/y"], ["c", "/x"], ["d", "/x"])).toEqual({
    a: [],
    b: [],
    c: ["a"],
    d: ["c"],
  });
});

test("buildOrder waits for dependencies, and lists them first", () => {
  const found = order(["a", "/a", ["b", "elsewhere"]], ["b", "/b", ["c"]], ["c", "/c"]);
  expect(found).toEqual({ c: [], b: ["c"], a: ["b"] });
  expect(Object.keys(found)).toEqual(["c", "b", "a"]);
});

test("buildOrder breaks a circle where it closes", () => {
  expect(order(["a", "/a", ["b"]], ["b", "/b", ["a"]])).toEqual({ b: [], a: ["b"] });
  expect(order(["a", "/a", ["a"]])).toEqual({ a: [] });
});

test("buildOrder never makes a step wait for one that waits for it", () => {
  expect(order(["a", "/x", ["b"]], ["b", "/x"])).toEqual({ b: [], a: ["b"] });
});

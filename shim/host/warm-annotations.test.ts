import { expect, test } from "vitest";
import { readWarmAnnotations, warmAnnotations } from "./warm-annotations.ts";

test.each([
  [{}, { targets: [] }],
  [
    { "whorl.dev/warm": "/, shop=POST /items\n", other: "x" },
    {
      targets: [
        { component: undefined, request: { method: "GET", path: "/" } },
        { component: "shop", request: { method: "POST", path: "/items" } },
      ],
    },
  ],
  [{ "whorl.dev/warm-shares": "time" }, { targets: [], shares: ["time"] }],
])("%j", (annotations, warm) => {
  const given = warmAnnotations(new Map(Object.entries(annotations)));
  expect(readWarmAnnotations(given)).toEqual(warm);
});

test.each([
  [{ requests: "/, items" }, /annotation whorl\.dev\/warm: "items"; write \/path/],
  [{ shares: "files" }, /annotation whorl\.dev\/warm-shares: "files"; write random or time/],
])("%j is refused", (given, message) => {
  expect(() => readWarmAnnotations(given)).toThrow(message);
});

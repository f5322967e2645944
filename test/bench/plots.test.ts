import { expect, test } from "vitest";
import { plotsOf } from "./plots.ts";
import { parseResult } from "./results.ts";

const results = {
  cold: { raw: [{ kind: "rust", ms: [1, 2, 3], floorMs: [0.5, 0.6] }] },
  noisy: { results: [{ name: "whorl up --dir", floodedMs: [1, 2] }] },
  density: { raw: [1, 2, 3] },
  bodies: {
    results: [
      { direction: "upload", bytes: 1e4, ours: [10, 11], theirs: [20, 21] },
      { direction: "upload", bytes: 1e7, ours: [100, 110], theirs: [200, 210] },
    ],
  },
  node: {
    many: [
      {
        name: "runc",
        stages: [
          { pods: 10, perSecond: 5, answerMs: { p50: 1 } },
          { pods: 50, perSecond: 4, answerMs: { p50: 1.1 } },
        ],
      },
    ],
  },
  growth: {
    curves: {
      apps: [{ name: "rust", points: [[1, 30]] }],
      connections: [{ name: "rust", points: [[1, 30]] }],
      silent: [{ name: "rust", points: [[1, 30]] }],
    },
  },
  soak: { answered: 3 },
};

test("each benchmark has its plots, some have none", () => {
  const entries = Object.entries(results).map(
    ([name, raw]) => [name, parseResult(JSON.stringify({ name, ...raw }), "")] as const,
  );
  const plots = plotsOf(new Map(entries));
  expect(Object.keys(plots).toSorted()).toEqual(
    [
      ...["apps", "bodies", "cold", "connections", "density", "noisy"],
      ...["pods-answer", "pods-started", "silent"],
    ].toSorted(),
  );
  for (const svg of Object.values(plots)) expect(svg).not.toMatch(/NaN|undefined/);
});

test("what was not run is not drawn", () => {
  expect(plotsOf(new Map())).toEqual({});
});

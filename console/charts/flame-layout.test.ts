import { expect, test } from "vitest";
import type { FlameSpan } from "../../runtime/telemetry/admin/console-api.ts";
import { flameLayout, flamePart, flameTicks, flameWithin, wholeFlame } from "./flame-layout.ts";

function span(id: string, startMs: number, durationMs: number, parentId?: string): FlameSpan {
  return {
    ...{ id, name: id, kind: "host-call", startMs, durationMs, attributes: [] },
    ...(parentId === undefined ? {} : { parentId }),
  };
}

const root = span("root", 0, 10);

function rowsOf(spans: readonly FlameSpan[]): string[] {
  return flameLayout(spans).placed.map(({ span: { id }, row, depth }) => `${id} ${row}/${depth}`);
}

test.each<{ name: string; spans: FlameSpan[]; rows: string[] }>([
  { name: "nothing", spans: [], rows: [] },
  { name: "the request alone", spans: [root], rows: ["root 0/0"] },
  {
    name: "one after the other",
    spans: [root, span("a", 0, 2, "root"), span("b", 2, 5, "root")],
    rows: ["root 0/0", "a 1/1", "b 1/1"],
  },
  {
    name: "one within the other, before the next beside it",
    spans: [root, span("a", 0, 4, "root"), span("b", 5, 5, "root"), span("c", 1, 2, "a")],
    rows: ["root 0/0", "a 1/1", "c 2/2", "b 1/1"],
  },
  {
    name: "at the same time",
    spans: [root, span("a", 0, 4, "root"), span("b", 1, 4, "root"), span("c", 4, 1, "root")],
    rows: ["root 0/0", "a 1/1", "b 2/1", "c 1/1"],
  },
  {
    name: "a parent that is not there",
    spans: [root, span("a", 0, 1, "gone")],
    rows: ["root 0/0", "a 1/1"],
  },
  {
    name: "in a circle",
    spans: [root, span("a", 0, 1, "b"), span("b", 2, 1, "a")],
    rows: ["root 0/0", "a 1/1", "b 2/2"],
  },
  { name: "within itself", spans: [root, span("a", 0, 1, "a")], rows: ["root 0/0", "a 1/1"] },
  {
    name: "the same id twice",
    spans: [root, span("a", 0, 1, "root"), span("a", 0, 1, "root")],
    rows: ["root 0/0", "a 1/1"],
  },
])("$name", ({ spans, rows }) => {
  expect(rowsOf(spans)).toEqual(rows);
});

test("places are shares of the whole, and what follows the request makes it longer", () => {
  const { placed, totalMs, rows } = flameLayout([
    root,
    span("a", -1, 2, "root"),
    span("b", 10, 10),
  ]);
  expect(placed.map(({ left, width }) => [left, width])).toEqual([
    [0, 0.5],
    [0, 0.1],
    [0.5, 0.5],
  ]);
  expect({ totalMs, rows }).toEqual({ totalMs: 20, rows: 2 });
});

test.each([
  [10, 5, [0, 2, 4, 6, 8, 10]],
  [10, 2, [0, 5, 10]],
  [7, 5, [0, 2, 4, 6]],
  [0.9, 5, [0, 0.2, 0.4, 0.6, 0.8]],
])("ticks of %d ms, about %d", (totalMs, wanted, ticks) => {
  expect(
    flameTicks(totalMs, wholeFlame, wanted).map((each) => Math.round(each * 1000) / 1000),
  ).toEqual(ticks);
});

test("ticks of a part", () => {
  expect(flameTicks(10, { left: 0.35, width: 0.3 }, 3)).toEqual([4, 5, 6]);
});

test("a part of the time shows what is within it, as wide as it is there", () => {
  const spans = [root, span("a", 0, 4, "root"), span("b", 4, 2, "root"), span("c", 9, 1, "root")];
  const { placed, rows } = flameWithin(flameLayout(spans), { left: 0.2, width: 0.4 });
  const shown = placed.map(({ span: { id }, left, width, row }) => [id, left, width, row]);
  expect(shown).toEqual([
    ["root", 0, 1, 0],
    ["a", 0, expect.closeTo(0.5), 1],
    ["b", expect.closeTo(0.5), expect.closeTo(0.5), 1],
  ]);
  expect(rows).toBe(2);
});

test.each([
  ["a", 0, 0.4],
  ["nothing", 0.4, 1e-6],
  ["gone", 0, 1],
  [undefined, 0, 1],
])("the part of %s", (id, left, width) => {
  const layout = flameLayout([root, span("a", 0, 4, "root"), span("nothing", 4, 0, "root")]);
  const part = flamePart(layout, id);
  expect([part.left, part.width]).toEqual([left, width]);
  expect(flameTicks(layout.totalMs, part, 5).length).toBeLessThan(8);
});

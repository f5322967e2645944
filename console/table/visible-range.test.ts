import fc from "fast-check";
import { expect, test } from "vitest";
import { scrollToRow, visibleRange } from "./visible-range.ts";

const view = { height: 400, rowHeight: 40 };

test.each([
  { name: "an empty list", scrollTop: 0, count: 0, range: { from: 0, to: 0 } },
  { name: "a short list", scrollTop: 0, count: 3, range: { from: 0, to: 3 } },
  { name: "the top of a long one", scrollTop: 0, count: 1000, range: { from: 0, to: 17 } },
  { name: "its middle", scrollTop: 20_000, count: 1000, range: { from: 494, to: 517 } },
  { name: "its end", scrollTop: 39_600, count: 1000, range: { from: 983, to: 1000 } },
  { name: "beyond its end", scrollTop: 90_000, count: 1000, range: { from: 983, to: 1000 } },
  { name: "above its top", scrollTop: -50, count: 1000, range: { from: 0, to: 17 } },
])("$name", ({ scrollTop, count, range }) => {
  expect(visibleRange({ ...view, scrollTop, count })).toEqual(range);
});

test("every row that is seen is drawn, and few others", () => {
  const any = { scrollTop: fc.integer({ min: 0, max: 50_000 }), count: fc.nat(1000) };
  fc.assert(
    fc.property(fc.record(any), ({ scrollTop, count }) => {
      const { from, to } = visibleRange({ ...view, scrollTop, count });
      const last = Math.min(count, Math.ceil((scrollTop + view.height) / view.rowHeight));
      const first = Math.min(last, Math.floor(scrollTop / view.rowHeight));
      expect(from).toBeLessThanOrEqual(first);
      expect(to).toBeGreaterThanOrEqual(last);
      expect(to - from).toBeLessThanOrEqual(30);
    }),
  );
});

test.each([
  { name: "above", row: 2, to: 80 },
  { name: "below", row: 30, to: 840 },
  { name: "seen", row: 12, to: 400 },
])("scrolls to a row $name", ({ row, to }) => {
  expect(scrollToRow(row, { ...view, scrollTop: 400, count: 100 })).toBe(to);
});

import { describe, expect, test } from "vitest";
import { limits } from "../limits.ts";
import { type EventFacts, EventSeries } from "./event-series.ts";
import { FakeClock } from "./fake-clock.ts";

const reporter = { controller: "example.dev/test", instance: "test-1" };
const regarding = { apiVersion: "v1", kind: "ConfigMap", namespace: "n", name: "a", uid: "u" };
const facts: EventFacts = {
  regarding,
  type: "Normal",
  reason: "Made",
  action: "Make",
  note: "was made",
};

describe("series", () => {
  test("the first is created, the second counted at once, the rest once a minute", async () => {
    const clock = new FakeClock();
    const series = new EventSeries(clock, reporter);
    const kinds: (string | undefined)[] = [];
    for (let second = 0; second < 130; second += 1) {
      kinds.push(series.record(facts)?.kind);
      await clock.advance(1000);
    }
    expect(
      kinds.map((kind, index) => [kind, index]).filter(([kind]) => kind !== undefined),
    ).toEqual([
      ["create", 0],
      ["count", 1],
      ["count", 61],
      ["count", 121],
    ]);
    const [last] = series.due(true);
    expect(last).toMatchObject({ kind: "count", event: { series: { count: 130 } } });
    expect(series.due(true)).toEqual([]);
  });

  test("what does not come again for six minutes is a new event of another name", async () => {
    const clock = new FakeClock();
    const series = new EventSeries(clock, reporter);
    const first = series.record(facts);
    await clock.advance(limits.eventSeriesMs);
    const second = series.record(facts);
    expect([first?.kind, second?.kind]).toEqual(["create", "create"]);
    expect(first?.event.metadata.name).not.toBe(second?.event.metadata.name);
  });

  test("the API server has forgotten the event: the next is new", () => {
    const series = new EventSeries(new FakeClock(), reporter);
    const first = series.record(facts);
    if (first === undefined) throw new Error("no event");
    series.forget(first.event);
    expect(series.record(facts)?.kind).toBe("create");
  });
});

test("an object has 25 different events at once, then one in five minutes; others are not hit", async () => {
  const clock = new FakeClock();
  const series = new EventSeries(clock, reporter);
  let written = 0;
  for (let index = 0; index < 1000; index += 1) {
    if (series.record({ ...facts, note: `note ${index}` }) !== undefined) written += 1;
  }
  expect(written).toBe(limits.eventBurst);
  const other = { ...regarding, name: "b", uid: "v" };
  expect(series.record({ ...facts, regarding: other })?.kind).toBe("create");
  await clock.advance(limits.eventRefillMs);
  expect(series.record({ ...facts, note: "later" })?.kind).toBe("create");
});

test("everything the API bounds is bounded", () => {
  const series = new EventSeries(new FakeClock(), { ...reporter, instance: "i".repeat(300) });
  const write = series.record({
    regarding: { apiVersion: "v1", kind: "Node", name: "n".repeat(253) },
    type: "Warning",
    reason: "r".repeat(300),
    action: "a".repeat(300),
    note: "ä".repeat(1000),
  });
  const event = write?.event;
  expect(event?.metadata.namespace).toBe("default");
  expect(event?.metadata.name.length).toBeLessThanOrEqual(253);
  expect(event?.reason).toHaveLength(128);
  expect(event?.action).toHaveLength(128);
  expect(event?.reportingInstance).toHaveLength(128);
  expect(Buffer.byteLength(event?.note ?? "")).toBeLessThanOrEqual(1024);
  expect(event?.note).toMatch(/^ä+…$/);
  expect(event?.eventTime).toBe("2026-01-01T00:00:00.000000Z");
});

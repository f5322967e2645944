import { beforeEach, expect, test } from "vitest";
import { ProcessUsage } from "./process-usage.ts";
import { SeatMeter } from "./seat-meter.ts";

const figures = { cpu: 0, resident: 0 };
let usage: ProcessUsage;

beforeEach(() => {
  figures.cpu = 1_000;
  figures.resident = 100;
  usage = new ProcessUsage({
    cpuMicros: () => figures.cpu,
    residentBytes: () => figures.resident,
    nowMs: () => performance.now(),
  });
});

function opened(memoryBytes = 0): SeatMeter {
  const meter = new SeatMeter();
  meter.observe(() => [{ app: "a", component: "b", memoryBytes }]);
  usage.open(meter);
  return meter;
}

function work(meter: SeatMeter): Disposable {
  const invocation = meter.handler().begin({} as never);
  invocation.instanceWanted();
  invocation.instanceTaken("fresh");
  return { [Symbol.dispose]: () => invocation.end() };
}

function busyFor(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

test("who was at work has used the processor, while it works too", () => {
  const [idle, busy] = [opened(), opened()];
  using _work = work(busy);
  busyFor(2);
  figures.cpu += 500;
  expect(usage.of(busy).cpuMicros).toBe(500);
  expect(usage.of(idle).cpuMicros).toBe(0);
});

test("those who were at work as long have used as much", () => {
  const [one, other] = [opened(), opened()];
  {
    using _one = work(one);
    using _other = work(other);
    busyFor(5);
  }
  figures.cpu += 800;
  expect(usage.of(one).cpuMicros).toBeGreaterThan(300);
  expect(usage.of(one).cpuMicros + usage.of(other).cpuMicros).toBe(800);
});

test("what nobody has worked for is shared equally", () => {
  const meters = [opened(), opened()];
  figures.cpu += 100;
  expect(meters.map((meter) => usage.of(meter).cpuMicros)).toEqual([50, 50]);
});

test("what was used before or is told again does not count twice", () => {
  figures.cpu += 100;
  const meter = opened();
  expect(usage.of(meter).cpuMicros).toBe(0);
  figures.cpu += 10;
  expect([usage.of(meter).cpuMicros, usage.of(meter).cpuMicros]).toEqual([10, 10]);
});

test("who has left leaves what it has used behind", () => {
  const [left, stays] = [opened(), opened()];
  using _work = work(left);
  busyFor(2);
  figures.cpu += 100;
  usage.close(left);
  expect(usage.of(stays).cpuMicros).toBe(0);
  expect(usage.of(left).cpuMicros).toBe(0);
});

test("memory is that of its guests and a part of the rest", () => {
  const [small, large] = [opened(10), opened(40)];
  expect(usage.of(small).memoryBytes).toBe(35);
  expect(usage.of(large).memoryBytes).toBe(65);
  figures.resident = 20;
  expect(usage.of(large).memoryBytes).toBe(40);
});

test("a request that gets no instance, or ends twice, does not count", () => {
  const meter = opened();
  const invocation = meter.handler().begin({} as never);
  invocation.end();
  invocation.instanceTaken("fresh");
  invocation.end();
  expect(meter.busyMs(1e9)).toBe(0);
});

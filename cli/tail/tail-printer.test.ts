import { expect, test } from "vitest";
import { limits } from "../../runtime/limits.ts";
import type { RequestRecord } from "../../runtime/telemetry/live/request-record.ts";
import { TestSink } from "../test-sink.ts";
import { TailPrinter, type TailPrinterOptions } from "./tail-printer.ts";

const record: RequestRecord = {
  ...{ timeMs: 0, app: "shop", component: "cart", trigger: "http", method: "GET", path: "/a" },
  ...{ route: "/...", status: 200, durationMs: 1, queueMs: 0, takeMs: 0, start: "reset" },
  ...{ isCold: false, traceId: "", error: undefined, message: undefined },
};

function printer(sink: TestSink, options: Partial<TailPrinterOptions> = {}): TailPrinter {
  const onDone = (): void => undefined;
  return new TailPrinter(sink, {
    ...{ format: "text", namesApps: false, countMax: Infinity, onDone },
    ...options,
  });
}

test("what nobody reads is counted, told as soon as somebody reads again, and not kept", () => {
  const sink = new TestSink();
  const printing = printer(sink);
  printing.print(record);
  sink.waitingBytes = limits.outputWaitingBytesMax + 1;
  for (let at = 0; at < 5; at++) printing.print(record);
  printing.print({ lost: 7 });
  expect(sink.text.split("\n")).toHaveLength(2);
  sink.waitingBytes = 0;
  printing.print(record);
  expect(sink.text.split("\n")[1]).toContain("12 requests not shown");
  expect(sink.text.split("\n")).toHaveLength(4);
});

test("is done after so many, and then says nothing more", () => {
  const sink = new TestSink();
  let done = 0;
  const printing = printer(sink, { countMax: 2, onDone: () => void done++ });
  for (let at = 0; at < 4; at++) printing.print(record);
  expect([sink.text.split("\n").length, done]).toEqual([3, 1]);
});

test("lines of pods say which one, for people and for programs", () => {
  const sink = new TestSink();
  const place = { pod: "shop-\u001b[2J", node: "n1" };
  printer(sink, { namesApps: true }).print(record, place);
  expect(sink.text).toMatch(/^\[shop-\\u001b\[2J\] 00:00:00.000 .* shop\/cart /);
  sink.text = "";
  printer(sink, { format: "json" }).print(record, { pod: "shop-1", node: "n1" });
  expect(JSON.parse(sink.text)).toMatchObject({ event: "request", pod: "shop-1", node: "n1" });
});

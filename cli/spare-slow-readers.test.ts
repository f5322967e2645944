import { expect, test } from "vitest";
import type { App, EventTrigger } from "../runtime/app/app.ts";
import { limits } from "../runtime/limits.ts";
import { createTextReporter } from "./output.ts";
import { spareSlowReaders } from "./spare-slow-readers.ts";
import { TestSink } from "./test-sink.ts";

const app: App = {
  name: "shop",
  version: undefined,
  description: undefined,
  ociImageDigest: undefined,
  variables: new Map(),
  components: new Map(),
  directory: "/apps/shop",
  eventTriggers: [],
  httpTriggers: [],
  warnings: [],
};
const command: EventTrigger = { kind: "command", id: "tool", component: "tool" };

function reported(): { stderr: TestSink; reporter: ReturnType<typeof spareSlowReaders> } {
  const io = { stdout: new TestSink(), stderr: new TestSink() };
  return { stderr: io.stderr, reporter: spareSlowReaders(createTextReporter(io), io) };
}

test("lines are dropped while nobody reads, and counted for each component", () => {
  const { stderr, reporter } = reported();
  reporter.guestLine("a", "stderr", "one");
  stderr.waitingBytes = limits.outputWaitingBytesMax + 1;
  for (const component of ["a", "a", "b"]) reporter.guestLine(component, "stderr", "gone");
  stderr.waitingBytes = 0;
  for (const component of ["a", "a", "b"]) reporter.guestLine(component, "stderr", "two");
  expect(stderr.text.split("\n")).toEqual([
    "[a] one",
    "[a] ... 2 lines dropped: it writes more than is shown",
    "[a] two",
    "[a] two",
    "[b] ... 1 lines dropped: it writes more than is shown",
    "[b] two",
    "",
  ]);
});

test("what is told of failing requests waits in memory no longer than lines do", () => {
  const { stderr, reporter } = reported();
  stderr.waitingBytes = limits.outputWaitingBytesMax + 1;
  reporter.appError("one");
  reporter.warning("two");
  expect(stderr.text).toBe("");
  stderr.waitingBytes = 0;
  reporter.appError("three");
  reporter.warning("four");
  expect(stderr.text.split("\n")).toEqual([
    "warning: 2 messages dropped: nobody took them in time",
    "error: three",
    "warning: four",
    "",
  ]);
});

test("a command's output is whole", () => {
  const { stderr, reporter } = reported();
  reporter.started({ ...app, eventTriggers: [command] }, undefined);
  stderr.waitingBytes = Infinity;
  reporter.guestLine("tool", "stderr", "one");
  expect(stderr.text).toBe("one\n");
});

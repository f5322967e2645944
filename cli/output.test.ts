import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import type { App, EventTrigger, HttpTrigger } from "../runtime/app/app.ts";
import { WhorlError } from "../runtime/error.ts";
import { createCaptureIo } from "./capture-io.ts";
import { createJsonReporter, createTextReporter, withoutGuestLines } from "./output.ts";

const component = (name: string): HttpTrigger["target"] => ({ kind: "component", component: name });
const fixed: HttpTrigger["target"] = {
  kind: "static",
  status: 200,
  headers: [],
  body: new Uint8Array(),
};

const app: App = {
  name: "shop",
  version: undefined,
  description: undefined,
  ociImageDigest: undefined,
  variables: new Map(),
  components: new Map(),
  directory: "/apps/shop",
  eventTriggers: [],
  httpTriggers: [
    { id: "1", route: "/...", target: component("all") },
    { id: "2", route: "/a/b", target: component("exact") },
    { id: "3", route: "a/*", target: component("star") },
    { id: "4", route: undefined, target: component("inner") },
    { id: "robots", route: "/robots.txt", target: fixed },
    { id: "6", route: "/", target: component("root") },
  ],
  warnings: [],
};

const command: EventTrigger = { kind: "command", id: "tool", component: "tool" };

describe("createTextReporter", () => {
  test("lists the routes", () => {
    const io = createCaptureIo();
    createTextReporter(io).started(app, "http://127.0.0.1:3000");
    expect(io.written).toEqual({
      stdout: `Serving http://127.0.0.1:3000
Available Routes:
  all: http://127.0.0.1:3000 (wildcard)
  exact: http://127.0.0.1:3000/a/b
  star: http://127.0.0.1:3000/a (wildcard)
  inner: http://inner.spin.internal (private)
  robots: http://127.0.0.1:3000/robots.txt (static)
  root: http://127.0.0.1:3000
`,
      stderr: "",
    });
  });

  test("writes each guest line where the guest wrote it", () => {
    const io = createCaptureIo();
    const reporter = createTextReporter(io);
    reporter.guestLine("shop", "stdout", "out");
    reporter.guestLine("shop", "stderr", "err");
    expect(io.written).toEqual({ stdout: "[shop] out\n", stderr: "[shop] err\n" });
  });

  test("what guests write is shown, not obeyed, and what is held back is told", () => {
    const io = createCaptureIo();
    const reporter = createTextReporter(io);
    reporter.guestLine("a\u0007", "stdout", "one\u001b[31m\ttwo\u202e\u009b");
    reporter.linesDropped("a", 12);
    expect(io.written).toEqual({
      stdout: "[a\\u0007] one\\u001b[31m\ttwo\\u202e\\u009b\n",
      stderr: "[a] ... 12 lines dropped: it writes more than is shown\n",
    });
  });

  test("a command's output is another program's input", () => {
    const io = createCaptureIo();
    const reporter = createTextReporter(io);
    reporter.started({ ...app, eventTriggers: [command], httpTriggers: [] }, undefined);
    reporter.guestLine("tool", "stdout", "\u001b[31mred");
    expect(io.written.stdout).toBe("\u001b[31mred\n");
  });

  test("colours only where colours are shown", () => {
    const io = createCaptureIo(true);
    createTextReporter(io).guestLine("shop", "stdout", "plain");
    expect(io.written.stdout).toContain("\u001b[39m plain\n");
    expect(stripVTControlCharacters(io.written.stdout)).toBe("[shop] plain\n");
  });

  test("shows what a client or a guest has put into a message, and does not obey it", () => {
    const io = createCaptureIo(true);
    const reporter = createTextReporter(io);
    const evil = "\u009b2J\u001b]0;x\u0007\u202e";
    reporter.warning(evil);
    reporter.appError(`Component "shop" failed on GET /${evil}: trap\n  at x`);
    reporter.error(new WhorlError("trap", evil));
    const shown = stripVTControlCharacters(io.written.stderr);
    expect(shown).toMatch(/^[\n\x20-\x7e]+$/);
    expect(shown.split("\n")).toHaveLength(5);
  });

  test("gives the stack only of errors that it does not expect", () => {
    const io = createCaptureIo();
    const reporter = createTextReporter(io);
    reporter.error(new WhorlError("file", "gone; bring it back"));
    expect(io.written.stderr).toBe("error: gone; bring it back\n");
    reporter.error(new TypeError("oops"));
    expect(io.written.stderr).toContain("unexpected: oops");
    expect(io.written.stderr).toContain("output.test.ts");
  });
});

describe("createJsonReporter", () => {
  test("writes one object per line", () => {
    const io = createCaptureIo(true);
    const reporter = createJsonReporter(io);
    reporter.started({ ...app, httpTriggers: app.httpTriggers.slice(0, 2) }, "http://h:1");
    reporter.guestLine("shop", "stderr", 'say "x"');
    reporter.guestLine("shop", "stdout", "\u2028\u009b", "ab".repeat(16));
    reporter.linesDropped("shop", 3);
    reporter.consoleReady("http://h:2/#token=t");
    reporter.warning("w");
    reporter.appError("a");
    reporter.error(new WhorlError("file", "line 1\nline 2"));
    reporter.error("thrown");
    reporter.stopping("SIGTERM");
    expect(io.written.stderr).toBe("");
    expect(io.written.stdout).toMatch(/^[\n\x20-\x7e]+$/);
    const lines = io.written.stdout.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        event: "listening",
        triggers: [],
        app: "shop",
        url: "http://h:1",
        routes: [
          { name: "all", url: "http://h:1", note: "wildcard" },
          { name: "exact", url: "http://h:1/a/b" },
        ],
      },
      { event: "log", component: "shop", stream: "stderr", line: 'say "x"' },
      {
        event: "log",
        component: "shop",
        stream: "stdout",
        line: "\u2028\u009b",
        trace_id: "ab".repeat(16),
      },
      { event: "dropped", component: "shop", lines: 3 },
      { event: "console", url: "http://h:2/#token=t" },
      { event: "warning", message: "w" },
      { event: "error", code: "app", message: "a" },
      { event: "error", code: "file", message: "line 1\nline 2" },
      { event: "error", code: "internal", message: "thrown" },
      { event: "stopping", signal: "SIGTERM" },
    ]);
  });
});

test("withoutGuestLines keeps everything else", () => {
  const io = createCaptureIo();
  const reporter = withoutGuestLines(createTextReporter(io));
  reporter.guestLine("shop", "stdout", "out");
  reporter.warning("careful");
  expect(io.written).toEqual({ stdout: "", stderr: "warning: careful\n" });
});

import { expect, test } from "vitest";
import type { KeptRequest } from "../live/request-recorder.ts";
import type { ExportedSpan } from "../trace/span-record.ts";
import { failureRemedy } from "./failure-remedy.ts";

const span = {
  ...{ traceId: "", spanId: "", parentSpanId: "", traceState: "", attributes: [] },
  ...{ kind: "internal" as const, startMs: 0, endMs: 1 },
};

function kept(error: string, message?: string, spans: readonly ExportedSpan[] = []): KeptRequest {
  const record = {
    ...{ id: 1, timeMs: 0, app: "a", component: "c", trigger: "http" as const, method: "GET" },
    ...{ path: "/", route: "/", status: 500, durationMs: 1, queueMs: 0, takeMs: 0 },
    ...{ start: undefined, isCold: false, traceId: "", error, message },
  };
  return { record, spans, guestSpans: [], spansLost: 0, lines: [], linesLost: 0 };
}

test.each<[string, string | undefined, string]>([
  ["trap", "handle failed: unreachable\n  at panic", "stderr says why"],
  ["trap", "handle failed: memory access out of bounds", "outside its memory"],
  ["trap", "the guest has used up its stack", "recursion"],
  ["trap", "something new", "own stack in the message"],
  ["limit", "4096 instances of the component are busy", "run more copies"],
  ["limit", "used more than 10000 ms of CPU time", "--max-cpu-time"],
  ["limit", "the guest took longer than 50 ms", "--request-timeout"],
  ["limit", "another bound", "A bound of the guest"],
  ["response", undefined, "The guest itself answered so"],
  // What the guest says of itself is no message of the engine.
  ["response", "unreachable", "The guest itself answered so"],
  ["internal", "x is not a function", "report it"],
  ["never_heard_of", "x", "The message says what happened"],
])("%s: %s", (error, message, remedy) => {
  expect(failureRemedy(kept(error, message))).toContain(remedy);
});

test("what the guest was refused comes first", () => {
  const denied: ExportedSpan = {
    from: "host",
    span: {
      ...span,
      name: "spin_outbound_http.send_request",
      error: "HTTP-request-denied",
      attributes: [["url.full", "https://api.example.com:8443/v1?key=1"]],
    },
  };
  expect(failureRemedy(kept("response", undefined, [denied]))).toBe(
    "The guest may not reach https://api.example.com:8443: " +
      "add it to allowed_outbound_hosts of the component.",
  );
  const closed: ExportedSpan = {
    from: "host",
    span: { ...span, name: "spin_sqlite.open", error: "access-denied" },
  };
  expect(failureRemedy(kept("trap", "unreachable", [closed]))).toContain("sqlite_databases");
});

import { describe, expect, test } from "vitest";
import { limits } from "../../limits.ts";
import {
  formatTraceparent,
  inboundTraceContext,
  parseTraceparent,
  parseTraceState,
  withTraceContext,
} from "./trace-context.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";
const good = `00-${traceId}-${spanId}-01`;

describe("parseTraceparent", () => {
  test.each<[string, boolean]>([
    [good, true],
    [`00-${traceId}-${spanId}-00`, false],
    // Flags that this version does not know.
    [`00-${traceId}-${spanId}-ff`, true],
    [`00-${traceId}-${spanId}-fe`, false],
    // A later version: the known part counts.
    [`01-${traceId}-${spanId}-01`, true],
    [`cc-${traceId}-${spanId}-01-what-the-future-has`, true],
    [`  ${good}\t`, true],
  ])("%s", (text, isSampled) => {
    expect(parseTraceparent(text)).toEqual({ traceId, spanId, isSampled });
  });

  test.each([
    "",
    "00",
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-1`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${traceId}-${spanId}-01-`,
    `01-${traceId}-${spanId}-01.more`,
    `ff-${traceId}-${spanId}-01`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId.slice(1)}-${spanId}-01`,
    `00-${traceId}0-${spanId}-01`,
    `0x-${traceId}-${spanId}-01`,
    good.replaceAll("-", "_"),
    "\u0000".repeat(55),
  ])("refuses %j", (text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });
});

describe("parseTraceState", () => {
  test.each<[string, string[], string]>([
    ["nothing", [], ""],
    ["one member", ["rojo=00f067aa0ba902b7"], "rojo=00f067aa0ba902b7"],
    ["lines are joined in order", ["a=1", "b=2,c=3"], "a=1,b=2,c=3"],
    ["spaces around members and empty members go", [" a=1 ,\t,, b=2"], "a=1,b=2"],
    ["a tenant's key", ["fw529a3039@dt=FfFfFfFf"], "fw529a3039@dt=FfFfFfFf"],
    ["spaces in a value", ["a=1 2"], "a=1 2"],
  ])("%s", (_, lines, expected) => {
    expect(parseTraceState(lines)).toBe(expected);
  });

  test.each<[string, string[]]>([
    ["a key twice", ["a=1,b=2,a=3"]],
    ["no value", ["a"]],
    ["an empty value", ["a="]],
    ["an upper-case key", ["A=1"]],
    ["two equals signs", ["a=1=2"]],
    ["a control character", ["a=\u0007"]],
    ["one bad member among good ones", ["a=1,Ü=2"]],
    ["33 members", [Array.from({ length: 33 }, (_, at) => `k${at}=1`).join(",")]],
    [
      "more than is kept",
      [
        `a=${"x".repeat(250)},b=${"x".repeat(250)},c=${"x".repeat(250)},d=${"x".repeat(250)},e=${"x".repeat(250)}`,
      ],
    ],
  ])("drops all of it for %s", (_, lines) => {
    expect(parseTraceState(lines)).toBe("");
  });

  test("keeps what the specification demands", () => {
    const state = `a=${"x".repeat(250)},b=${"x".repeat(250)}`;
    expect(state.length).toBeGreaterThan(500);
    expect(state.length).toBeLessThan(limits.traceStateCharsMax);
    expect(parseTraceState([state])).toBe(state);
  });
});

describe("inboundTraceContext", () => {
  test("reads both headers in any case", () => {
    const headers = ["Host", "x", "TraceParent", good, "connection", "close", "TRACESTATE", "a=1"];
    expect(inboundTraceContext(headers)).toEqual({
      traceId,
      spanId,
      isSampled: true,
      traceState: "a=1",
    });
  });

  test.each<[string, string[]]>([
    ["no headers", []],
    ["tracestate alone", ["tracestate", "a=1"]],
    ["two traceparents", ["traceparent", good, "traceparent", good]],
    ["a malformed one", ["traceparent", "00-1-2-3"]],
    ["an endless one", ["traceparent", `cc${good.slice(2)}-${"x".repeat(1000)}`]],
    ["a name without value", ["traceparent"]],
  ])("%s: none", (_, headers) => {
    expect(inboundTraceContext(headers)).toBeUndefined();
  });

  test("a bad tracestate does not take the traceparent with it", () => {
    expect(inboundTraceContext(["traceparent", good, "tracestate", "A"])).toMatchObject({
      traceId,
      traceState: "",
    });
  });
});

test("withTraceContext replaces what was there", () => {
  const context = { traceId, spanId, isSampled: true, traceState: "a=1" };
  const lines = [
    "accept",
    "*/*",
    "Traceparent",
    "old",
    "tracestate",
    "old",
    "x-tracestate",
    "kept",
  ];
  expect(withTraceContext(lines, context)).toEqual([
    ...["accept", "*/*", "x-tracestate", "kept"],
    ...["traceparent", good, "tracestate", "a=1"],
  ]);
  expect(withTraceContext([], { ...context, traceState: "" })).toEqual(["traceparent", good]);
  expect(formatTraceparent({ ...context, isSampled: false })).toMatch(/-00$/);
});

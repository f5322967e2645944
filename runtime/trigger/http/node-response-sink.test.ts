import { expect, test } from "vitest";
import type { IncomingExchange, ResponseSink } from "../../wasi/http/exchange.ts";
import { noInvocation } from "../../telemetry/no-telemetry.ts";
import { NodeResponseSink } from "./node-response-sink.ts";
import { TurnEnd } from "./turn-end.ts";
import type { Inbound, Outgoing, Wire } from "./wire.ts";

/** What a sink does to the connection, in order. */
function recorder(): { readonly calls: string[]; readonly sink: ResponseSink } {
  const calls: string[] = [];
  const note = (call: string): void => void calls.push(call);
  const response: Outgoing = {
    destroyed: false,
    writableNeedDrain: false,
    write: (chunk) => calls.push(`write ${Buffer.from(chunk).toString()}`) > 0,
    end: (chunk) => note(chunk === undefined ? "end" : `end ${Buffer.from(chunk).toString()}`),
    on: () => {},
  };
  const wire: Wire<Outgoing> = {
    head: (_, { status }) => note(`head ${status}`),
    flushHead: () => note("flush"),
    trailers: (_, trailers) => note(`trailers ${trailers.length}`),
    whole: (_, { status, headers }, body) =>
      note(`whole ${status} ${headers.join(" ")} ${Buffer.from(body).toString()}`),
    plain: (_, { status }) => note(`plain ${status}`),
    abort: () => note("abort"),
    drop: () => note("drop"),
    discardBody: () => note("discard"),
  };
  const inbound = { response, wire } as Inbound<Outgoing>;
  const exchange = { method: "GET" } as IncomingExchange;
  const sink = new NodeResponseSink(inbound, exchange, {
    invocation: noInvocation,
    onFailure: (_, reason) => note(`failed ${reason}`),
    turnEnd: new TurnEnd(),
  });
  return { calls, sink };
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a small response leaves in one piece, also across microtasks", async () => {
  const { calls, sink } = recorder();
  const output = sink.head(200, []);
  await Promise.resolve();
  output.write(bytes("a"));
  output.flush();
  await Promise.resolve();
  output.dispose();
  sink.finish([]);
  await turn();
  expect(calls).toEqual(["whole 200 content-length 1 a"]);
});

test("a head without body leaves in one piece", async () => {
  const { calls, sink } = recorder();
  sink.head(200, []);
  sink.finish([]);
  await turn();
  expect(calls).toEqual(["whole 200 content-length 0 "]);
});

test.each([
  ["trailers", [], [["x", bytes("y")]], ["head 200", "trailers 1", "end a"]],
  [
    "a field that announces them",
    [["trailer", bytes("x")]],
    [],
    ["head 200", "trailers 0", "end a"],
  ],
] as const)("%s need chunks", async (_name, headers, trailers, expected) => {
  const { calls, sink } = recorder();
  sink.head(200, headers).write(bytes("a"));
  sink.finish(trailers);
  await turn();
  expect(calls).toEqual(expected);
});

test("a length that the guest has told is not told twice", () => {
  const { calls, sink } = recorder();
  sink.head(200, [["content-length", bytes("1")]]).write(bytes("a"));
  sink.finish([]);
  expect(calls).toEqual(["whole 200 content-length 1 a"]);
});

test("the head leaves when the turn of the event loop ends", async () => {
  const { calls, sink } = recorder();
  const output = sink.head(200, []);
  await turn();
  expect(calls).toEqual(["head 200", "flush"]);
  output.write(bytes("a"));
  output.write(bytes("b"));
  expect(calls.slice(2)).toEqual(["write a", "write b"]);
});

test("the first chunk leaves when the turn of the event loop ends", async () => {
  const { calls, sink } = recorder();
  const output = sink.head(200, []);
  output.write(bytes("a"));
  expect(calls).toEqual([]);
  await turn();
  expect(calls).toEqual(["head 200", "write a"]);
  sink.finish([["x", bytes("y")]]);
  expect(calls.slice(2)).toEqual(["trailers 1", "end"]);
});

test("small chunks leave together", async () => {
  const { calls, sink } = recorder();
  const output = sink.head(200, []);
  for (const text of ["a", "", "b"]) output.write(bytes(text));
  sink.finish([]);
  await turn();
  expect(calls).toEqual(["whole 200 content-length 2 ab"]);
});

test("what is too much to be held leaves at once", async () => {
  const { calls, sink } = recorder();
  const output = sink.head(200, []);
  const much = "b".repeat(20_000);
  output.write(bytes("a"));
  output.write(bytes(much));
  expect(calls).toEqual(["head 200", "write a", `write ${much}`]);
  sink.finish([]);
  await turn();
  expect(calls.slice(3)).toEqual(["trailers 0", "end"]);
});

test("what was written before an abort leaves", async () => {
  const { calls, sink } = recorder();
  sink.head(200, []).write(bytes("a"));
  sink.abort("why");
  sink.abort("again");
  sink.finish([]);
  await turn();
  expect(calls).toEqual(["head 200", "write a", "abort", "failed why"]);
});

test("a finished response cannot be aborted, and its stream is closed", () => {
  const { calls, sink } = recorder();
  const output = sink.head(200, []);
  sink.finish([]);
  sink.abort("late");
  expect(calls).toEqual(["whole 200 content-length 0 "]);
  expect(output.isReady()).toBe(true);
  expect(() => output.write(bytes("a"))).toThrow("stream closed");
  expect(() => output.checkWrite()).toThrow("stream closed");
  expect(() => output.flush()).toThrow("stream closed");
});

import { expect, test } from "vitest";
import type { IncomingExchange, ResponseSink } from "../../wasi/http/exchange.ts";
import { noInvocation } from "../../telemetry/no-telemetry.ts";
import { NodeResponseSink } from "./node-response-sink.ts";
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
  expect(calls).toEqual(["head 200", "trailers 0", "end a"]);
});

test("a head without body leaves in one piece", async () => {
  const { calls, sink } = recorder();
  sink.head(200, []);
  sink.finish([]);
  await turn();
  expect(calls).toEqual(["head 200", "trailers 0", "end"]);
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
  expect(calls).toEqual(["head 200"]);
  await turn();
  expect(calls).toEqual(["head 200", "write a"]);
  sink.finish([["x", bytes("y")]]);
  expect(calls.slice(2)).toEqual(["trailers 1", "end"]);
});

test("the first chunk leaves with the second", async () => {
  const { calls, sink } = recorder();
  const output = sink.head(200, []);
  output.write(bytes("a"));
  output.write(bytes(""));
  output.write(bytes("b"));
  sink.finish([]);
  await turn();
  expect(calls).toEqual(["head 200", "write a", "write b", "trailers 0", "end"]);
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
  expect(calls).toEqual(["head 200", "trailers 0", "end"]);
  expect(output.isReady()).toBe(true);
  expect(() => output.write(bytes("a"))).toThrow("stream closed");
  expect(() => output.checkWrite()).toThrow("stream closed");
  expect(() => output.flush()).toThrow("stream closed");
});

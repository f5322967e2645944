import { describe, expect, test } from "vitest";
import { limits } from "../../limits.ts";
import { StreamFailure } from "../io/streams.ts";
import type { OutputStream } from "../io/streams.ts";
import { HttpFailure } from "./error-code.ts";
import { Fields } from "./fields.ts";
import { OutgoingBody } from "./outgoing-body.ts";
import { RecordingSink } from "./recording-sink.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);

function open(body: OutgoingBody): OutputStream {
  const result = body.write();
  if (result.tag === "err") throw new Error("the stream is taken");
  return result.val;
}

function connect(body: OutgoingBody, sink: RecordingSink): void {
  body.connect(sink.head(200, []), sink);
}

function failureOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    if (!(error instanceof StreamFailure)) throw error;
    if (error.error.tag === "closed") return "closed";
    const { cause } = error.error.val;
    return cause instanceof HttpFailure ? cause.errorCode : cause;
  }
  return undefined;
}

test("writes go straight through", () => {
  const sink = new RecordingSink();
  const body = new OutgoingBody("response", undefined);
  connect(body, sink);
  const stream = open(body);
  stream.write(bytes("hello"));
  stream.flush();
  stream.dispose();
  expect(body.finish(undefined)).toEqual({ tag: "ok", val: undefined });
  expect(sink.events).toEqual(["head 200", "write 5", "flush", "dispose", "finish"]);
});

test("the stream can be had once", () => {
  const body = new OutgoingBody("response", undefined);
  expect(body.write().tag).toBe("ok");
  expect(body.write().tag).toBe("err");
});

test("finishing traps while the stream is open", () => {
  const body = new OutgoingBody("response", undefined);
  const stream = open(body);
  expect(() => body.finish(undefined)).toThrow(/output-stream must be dropped first/);
  stream.dispose();
  expect(body.finish(undefined).tag).toBe("ok");
});

test("a body nobody writes to can be finished, with trailers", () => {
  const sink = new RecordingSink();
  const body = new OutgoingBody("response", undefined);
  connect(body, sink);
  const trailers = Fields.empty();
  trailers.append("X-Sum", bytes("1"));
  expect(body.finish(trailers).tag).toBe("ok");
  expect(sink.events).toEqual(["head 200", "dispose", "finish x-sum=1"]);
});

describe("before the connection", () => {
  test("bytes wait, then go in order", () => {
    const sink = new RecordingSink();
    const body = new OutgoingBody("response", undefined);
    const stream = open(body);
    stream.write(bytes("one "));
    stream.flush();
    expect(stream.isReady()).toBe(true);
    connect(body, sink);
    stream.write(bytes("two"));
    stream.dispose();
    body.finish(undefined);
    expect(sink.text()).toBe("one two");
    expect(sink.events.at(-1)).toBe("finish");
  });

  test("a finished body is sent whole", () => {
    const sink = new RecordingSink();
    const body = new OutgoingBody("response", 3);
    const stream = open(body);
    stream.write(bytes("abc"));
    stream.dispose();
    expect(body.finish(undefined).tag).toBe("ok");
    connect(body, sink);
    expect(sink.events).toEqual(["head 200", "write 3", "dispose", "finish"]);
  });

  test("an aborted body is aborted after the head", () => {
    const sink = new RecordingSink();
    const body = new OutgoingBody("response", undefined);
    open(body).write(bytes("abc"));
    body.abort("gone");
    connect(body, sink);
    expect(sink.events).toEqual(["head 200", "dispose", "abort gone"]);
  });

  test("check-write counts what waits, and the connection makes room", async () => {
    const body = new OutgoingBody("response", undefined);
    const stream = open(body);
    stream.write(new Uint8Array(limits.streamWriteBytesMax));
    expect(stream.checkWrite()).toBe(0);
    expect(stream.isReady()).toBe(false);
    const ready = stream.wait();
    connect(body, new RecordingSink());
    await ready;
    expect(stream.checkWrite()).toBeGreaterThan(0);
  });

  test("a slow peer gets it piece by piece", async () => {
    const sink = new RecordingSink(2);
    const body = new OutgoingBody("response", undefined);
    const stream = open(body);
    stream.write(bytes("hello"));
    connect(body, sink);
    stream.dispose();
    body.finish(undefined);
    expect(sink.text()).toBe("he");
    sink.release(2);
    await Promise.resolve();
    expect(sink.events).not.toContain("finish");
    sink.release(5);
    await Promise.resolve();
    expect(sink.text()).toBe("hello");
    expect(sink.events.at(-1)).toBe("finish");
  });

  test("an abort while a slow peer catches up aborts once", async () => {
    const sink = new RecordingSink(2);
    const body = new OutgoingBody("response", undefined);
    open(body).write(bytes("hello"));
    connect(body, sink);
    body.abort("gone");
    sink.release(5);
    await Promise.resolve();
    expect(sink.events).toEqual(["head 200", "write 2", "dispose", "abort gone"]);
  });

  test("a peer that goes away meanwhile closes the stream", () => {
    const sink = new RecordingSink();
    const body = new OutgoingBody("response", undefined);
    const stream = open(body);
    stream.write(bytes("hello"));
    sink.isBroken = true;
    connect(body, sink);
    expect(failureOf(() => stream.checkWrite())).toBe("closed");
  });
});

describe("a declared length", () => {
  test.each([
    ["request", "HTTP-request-body-size"],
    ["response", "HTTP-response-body-size"],
  ] as const)("of a %s: too few bytes", (of, tag) => {
    const sink = new RecordingSink();
    const body = new OutgoingBody(of, 5);
    connect(body, sink);
    const stream = open(body);
    stream.write(bytes("abc"));
    stream.dispose();
    expect(body.finish(undefined)).toEqual({ tag: "err", val: { tag, val: 3n } });
    expect(sink.events.at(-1)).toMatch(/^abort .*body-size/);
  });

  test.each([
    ["request", "HTTP-request-body-size"],
    ["response", "HTTP-response-body-size"],
  ] as const)("of a %s: too many bytes", (of, tag) => {
    const sink = new RecordingSink();
    const body = new OutgoingBody(of, 5);
    connect(body, sink);
    const stream = open(body);
    stream.write(bytes("abc"));
    expect(failureOf(() => stream.write(bytes("def")))).toEqual({ tag, val: 6n });
    stream.dispose();
    expect(body.finish(undefined)).toEqual({ tag: "err", val: { tag, val: 6n } });
    expect(sink.text()).toBe("abc");
  });

  test("that is met", () => {
    const body = new OutgoingBody("response", 3);
    connect(body, new RecordingSink());
    const stream = open(body);
    stream.write(bytes("abc"));
    stream.dispose();
    expect(body.finish(undefined).tag).toBe("ok");
  });
});

test("after an abort the stream is closed, and a second abort does nothing", () => {
  const sink = new RecordingSink();
  const body = new OutgoingBody("response", undefined);
  connect(body, sink);
  const stream = open(body);
  body.abort("gone");
  body.abort("again");
  expect(failureOf(() => stream.write(bytes("a")))).toBe("closed");
  expect(failureOf(() => stream.checkWrite())).toBe("closed");
  expect(failureOf(() => stream.flush())).toBe("closed");
  expect(stream.isReady()).toBe(true);
  expect(sink.events).toEqual(["head 200", "dispose", "abort gone"]);
});

test("trailers of a request are refused, not lost", () => {
  const sink = new RecordingSink();
  const body = new OutgoingBody("request", undefined);
  connect(body, sink);
  const trailers = Fields.empty();
  trailers.append("x", bytes("1"));
  expect(body.finish(trailers)).toMatchObject({ tag: "err", val: { tag: "internal-error" } });
  expect(sink.events.at(-1)).toMatch(/^abort/);
});

import { PassThrough, Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { err, ok } from "../../instance/host-interface.ts";
import type { Result } from "../../instance/host-interface.ts";
import { StreamFailure } from "../io/streams.ts";
import type { InputStream } from "../io/streams.ts";
import { HttpFailure } from "./error-code.ts";
import type { IncomingExchange } from "./exchange.ts";
import { Fields } from "./fields.ts";
import type { FutureTrailers } from "./future-trailers.ts";
import type { IncomingBody } from "./incoming-body.ts";
import { IncomingRequest } from "./incoming-request.ts";
import {
  closeExchange,
  newIncomingRequest,
  newResponseOutparam,
  outparamError,
  outparamState,
} from "./incoming.ts";
import { OutgoingResponse } from "./outgoing-response.ts";
import { RecordingSink } from "./recording-sink.ts";
import type { ResponseOutparam } from "./response-outparam.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);

function exchange(parts: Partial<IncomingExchange> = {}): IncomingExchange {
  return {
    method: "GET",
    scheme: "http",
    authority: "example.org",
    pathWithQuery: "/a?b",
    headers: [],
    body: undefined,
    trailers: () => [],
    ...parts,
  };
}

function value<T>(result: Result<T, unknown>): T {
  if (result.tag === "err") throw new Error("unexpected err");
  return result.val;
}

function bodyOf(parts: Partial<IncomingExchange>): IncomingBody {
  return value(new IncomingRequest(exchange(parts)).consume());
}

async function readAll(stream: InputStream): Promise<string> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    try {
      const chunk = stream.read(1000);
      if (chunk.length === 0) await stream.wait();
      chunks.push(chunk);
    } catch (error) {
      if (!(error instanceof StreamFailure) || error.error.tag !== "closed") throw error;
      return Buffer.concat(chunks).toString();
    }
  }
}

async function readSome(body: IncomingBody): Promise<void> {
  const stream = value(body.stream());
  await stream.wait();
  expect(stream.read(3)).toEqual(bytes("hel"));
  stream.dispose();
}

async function trailersOf(future: FutureTrailers): Promise<unknown> {
  expect(future.get()).toBeUndefined();
  await future.wait();
  expect(future.isReady()).toBe(true);
  return future.get();
}

describe("incoming-request", () => {
  test("headers are immutable, and made only once they are asked for", () => {
    let asked = 0;
    const request = newIncomingRequest({
      ...exchange(),
      get headers() {
        asked += 1;
        return [["accept", bytes("*/*")] as const];
      },
    }) as IncomingRequest;
    expect(asked).toBe(0);
    expect(request.headers().has("accept")).toBe(true);
    expect(request.headers().set("accept", [])).toMatchObject({ val: { tag: "immutable" } });
    expect(asked).toBe(1);
  });

  test("is consumed once", () => {
    const request = new IncomingRequest(exchange());
    expect(request.consume().tag).toBe("ok");
    expect(request.consume().tag).toBe("err");
  });
});

describe("incoming-body of a request", () => {
  test("without content ends at once, without trailers", async () => {
    const body = bodyOf({});
    const stream = value(body.stream());
    expect(stream.isReady()).toBe(true);
    expect(() => stream.read(1)).toThrow(StreamFailure);
    stream.dispose();
    expect(await trailersOf(body.finish())).toEqual(ok(ok(undefined)));
  });

  test("is read, then gives trailers once", async () => {
    const trailers = (): [string, Uint8Array][] => [["x-sum", bytes("7")]];
    const body = bodyOf({ body: Readable.from([bytes("he"), bytes("llo")]), trailers });
    const stream = value(body.stream());
    expect(body.stream().tag).toBe("err");
    expect(await readAll(stream)).toBe("hello");
    stream.dispose();
    const future = body.finish();
    const result = await trailersOf(future);
    const fields = value(value(result as Result<Result<Fields, unknown>, unknown>));
    expect(fields.entries()).toEqual([["x-sum", bytes("7")]]);
    expect(future.get()).toEqual(err(undefined));
  });

  test.each([
    ["not asked for", async () => {}],
    ["unread", async (body: IncomingBody) => value(body.stream()).dispose()],
    ["half read", readSome],
  ])("is drained on finish when %s", async (_, use) => {
    const readable = new PassThrough();
    readable.write("hello");
    const body = bodyOf({ body: readable, trailers: () => [["a", bytes("b")]] });
    await use(body);
    const future = body.finish();
    readable.end("more");
    expect(await trailersOf(future)).toMatchObject({ tag: "ok", val: { tag: "ok" } });
    expect(readable.readableEnded).toBe(true);
  });

  test("finish traps while the stream is open", () => {
    const body = bodyOf({ body: new PassThrough() });
    value(body.stream());
    expect(() => body.finish()).toThrow(/input-stream must be dropped first/);
  });

  test("fails with an http error when the client goes away", async () => {
    const readable = new PassThrough();
    const body = bodyOf({ body: readable });
    const stream = value(body.stream());
    const ready = stream.wait();
    readable.destroy(Object.assign(new Error("aborted"), { code: "ECONNRESET" }));
    await ready;
    const failure = catchFailure(() => stream.read(1));
    expect(failure).toBeInstanceOf(HttpFailure);
    expect((failure as HttpFailure).errorCode.tag).toBe("connection-terminated");
    stream.dispose();
    const future = body.finish();
    await future.wait();
    expect(future.get()).toMatchObject(ok(err({ tag: "connection-terminated" })));
  });
});

function catchFailure(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    if (error instanceof StreamFailure && error.error.tag === "last-operation-failed") {
      return error.error.val.cause;
    }
    throw error;
  }
  return undefined;
}

describe("outgoing-response", () => {
  test.each([
    [100, "ok"],
    [404, "ok"],
    [999, "ok"],
    [99, "err"],
    [1000, "err"],
    [0, "err"],
  ])("status %d: %s", (status, tag) => {
    const response = new OutgoingResponse(Fields.empty());
    expect(response.setStatus(status).tag).toBe(tag);
    expect(response.status).toBe(tag === "ok" ? status : 200);
  });

  test("makes its headers immutable and has one body", () => {
    const headers = Fields.empty();
    const response = new OutgoingResponse(headers);
    expect(headers.append("a", bytes("b"))).toMatchObject({ val: { tag: "immutable" } });
    expect(response.takeBody().tag).toBe("ok");
    expect(response.takeBody().tag).toBe("err");
  });
});

describe("response-outparam", () => {
  function outparam(sink: RecordingSink): ResponseOutparam {
    return newResponseOutparam(sink) as ResponseOutparam;
  }

  test("unset", () => {
    const sink = new RecordingSink();
    const param = outparam(sink);
    expect(outparamState(param)).toBe("unset");
    closeExchange(param, "ended");
    expect(sink.events).toEqual([]);
  });

  test("a response without body is complete", () => {
    const sink = new RecordingSink();
    const param = outparam(sink);
    const headers = Fields.empty();
    headers.append("A", bytes("b"));
    const response = new OutgoingResponse(headers);
    response.setStatus(204);
    param.set(ok(response));
    closeExchange(param, "ended");
    expect(outparamState(param)).toBe("sent");
    expect(sink.events).toEqual(["head 204 a=b", "dispose", "finish"]);
  });

  test("a body that is not finished is aborted when the exchange closes", () => {
    const sink = new RecordingSink();
    const param = outparam(sink);
    const response = new OutgoingResponse(Fields.empty());
    const body = value(response.takeBody());
    param.set(ok(response));
    value(body.write()).write(bytes("ab"));
    closeExchange(param, "the guest trapped");
    closeExchange(param, "again");
    expect(sink.events).toEqual(["head 200", "write 2", "dispose", "abort the guest trapped"]);
  });

  test("a finished body is left alone", () => {
    const sink = new RecordingSink();
    const param = outparam(sink);
    const response = new OutgoingResponse(Fields.empty());
    const body = value(response.takeBody());
    param.set(ok(response));
    body.finish(undefined);
    closeExchange(param, "ended");
    expect(sink.events).toEqual(["head 200", "dispose", "finish"]);
  });

  test("an error-code is the caller's to answer", () => {
    const sink = new RecordingSink();
    const param = outparam(sink);
    const code = { tag: "internal-error", val: "no" } as const;
    param.set(err(code));
    closeExchange(param, "ended");
    expect(outparamState(param)).toBe("failed");
    expect(outparamError(param)).toBe(code);
    expect(sink.events).toEqual([]);
  });

  test("a second response traps", () => {
    const param = outparam(new RecordingSink());
    param.set(ok(new OutgoingResponse(Fields.empty())));
    expect(() => param.set(ok(new OutgoingResponse(Fields.empty())))).toThrow(/set already/);
  });

  test("another object is refused", () => {
    expect(() => outparamState({})).toThrow(TypeError);
  });
});

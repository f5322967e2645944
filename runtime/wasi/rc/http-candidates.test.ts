import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { err, ok } from "../../instance/host-interface.ts";
import type { Result } from "../../instance/host-interface.ts";
import { Fields } from "../http/fields.ts";
import type { FutureIncomingResponse } from "../http/future-incoming-response.ts";
import type { IncomingBody } from "../http/incoming-body.ts";
import { IncomingRequest } from "../http/incoming-request.ts";
import type { IncomingResponse } from "../http/incoming-response.ts";
import { newResponseOutparam, outparamError } from "../http/incoming.ts";
import type { OutgoingBody } from "../http/outgoing-body.ts";
import { Loopback, textOf, value } from "../http/outgoing-fixture.ts";
import type { OutgoingRequest } from "../http/outgoing-request.ts";
import { RecordingSink } from "../http/recording-sink.ts";
import { interfaces20231018, interfaces20231110 } from "./rc-interfaces.ts";

let net: Loopback;

beforeEach(() => {
  net = new Loopback();
});

afterEach(async () => {
  await net[Symbol.asyncDispose]();
});

function callOf(list: typeof interfaces20231018) {
  return <T>(key: string, ...values: unknown[]): T => {
    const name = key === "handle" ? "wasi:http/outgoing-handler" : "wasi:http/types";
    const found = list.find((candidate) => candidate.name === name)?.functions[key];
    if (found === undefined) throw new Error(`no function ${key}`);
    return found(net.context(), ...values) as T;
  };
}

const call = callOf(interfaces20231018);
const bytes = (text: string): Uint8Array => Buffer.from(text);
const get = { tag: "get", val: undefined };
const http = { tag: "HTTP", val: undefined };

function bodyWithTrailers(lines: [string, Uint8Array][]): IncomingBody {
  const request = new IncomingRequest({
    method: "POST",
    scheme: "http",
    authority: "a",
    pathWithQuery: "/",
    headers: [],
    body: Readable.from([bytes("x")]),
    trailers: () => lines,
  });
  return value(request.consume());
}

describe("2023-10-18: what cannot be reported traps", () => {
  test.each<[string, () => unknown, RegExp]>([
    ["fields", () => call("[constructor]fields", [["a b", bytes("")]]), /fields .*invalid-syntax/],
    ["set", () => call("[method]fields.set", Fields.empty(), "host", []), /set .*forbidden/],
    [
      "append",
      () => call("[method]fields.append", Fields.empty().freeze(), "a", bytes("")),
      /append .*immutable/,
    ],
    ["delete", () => call("[method]fields.delete", Fields.empty(), ""), /delete .*invalid-syntax/],
    [
      "a request's path",
      () => call("[constructor]outgoing-request", get, "/ ", http, "a", Fields.empty()),
      /path was refused/,
    ],
    [
      "a request's authority",
      () => call("[constructor]outgoing-request", get, "/", http, "a b", Fields.empty()),
      /authority was refused/,
    ],
    [
      "a response's status",
      () => call("[constructor]outgoing-response", 99, Fields.empty()),
      /status was refused/,
    ],
  ])("%s", (_, act, message) => {
    expect(act).toThrow(message);
  });

  test("a body of the wrong length", () => {
    const headers = call<Fields>("[constructor]fields", [["content-length", bytes("5")]]);
    const response = call<object>("[constructor]outgoing-response", 200, headers);
    const body = value(
      call<Result<OutgoingBody, undefined>>("[method]outgoing-response.write", response),
    );
    expect(() => call("[static]outgoing-body.finish", body, undefined)).toThrow(/body-size/);
  });
});

describe("2023-10-18", () => {
  test("fields", () => {
    const fields = call<Fields>("[constructor]fields", [["A", bytes("1")]]);
    expect(call("[method]fields.append", fields, "b", bytes("2"))).toBeUndefined();
    expect(call("[method]fields.set", fields, "a", [bytes("3")])).toBeUndefined();
    expect(call("[method]fields.delete", fields, "b")).toBeUndefined();
    expect(call("[method]fields.entries", fields)).toEqual([["a", bytes("3")]]);
  });

  test("a response; the guest keeps its headers", () => {
    const sink = new RecordingSink();
    const headers = call<Fields>("[constructor]fields", [["a", bytes("1")]]);
    const response = call<object>("[constructor]outgoing-response", 201, headers);
    expect(headers.append("b", bytes("2")).tag).toBe("ok");
    call("[static]response-outparam.set", newResponseOutparam(sink), ok(response));
    expect(sink.events[0]).toBe("head 201 a=1");
  });

  test("an error as response", () => {
    const outparam = newResponseOutparam(new RecordingSink());
    const error = { tag: "timeout-error", val: "late" };
    call("[static]response-outparam.set", outparam, err(error));
    expect(outparamError(outparam)).toEqual({ tag: "internal-error", val: "timeout-error: late" });
  });

  test("trailers, which are empty rather than missing", async () => {
    const some = bodyWithTrailers([["x", bytes("1")]]).finish();
    const none = bodyWithTrailers([]).finish();
    expect(call("[method]future-trailers.get", some)).toBeUndefined();
    await Promise.all([some.wait(), none.wait()]);
    const first = value(call<Result<Fields, unknown>>("[method]future-trailers.get", some));
    expect(first.entries()).toEqual([["x", bytes("1")]]);
    const second = value(call<Result<Fields, unknown>>("[method]future-trailers.get", none));
    expect(second.entries()).toEqual([]);
    expect(() => call("[method]future-trailers.get", none)).toThrow(/retrieved already/);
  });

  type Answer = Result<Result<IncomingResponse, { tag: string; val: string }>, undefined>;

  async function answerTo(authority: string, firstByteTimeoutMs?: number): Promise<Answer> {
    const headers = call<Fields>("[constructor]fields", []);
    const request = call<OutgoingRequest>(
      "[constructor]outgoing-request",
      ...[get, "/x", http, authority, headers],
    );
    const options = {
      connectTimeoutMs: undefined,
      firstByteTimeoutMs,
      betweenBytesTimeoutMs: undefined,
    };
    const future = value(call<Result<FutureIncomingResponse, unknown>>("handle", request, options));
    expect(call("[method]future-incoming-response.get", future)).toBeUndefined();
    await future.wait();
    return call<Answer>("[method]future-incoming-response.get", future);
  }

  test("a request and its response", async () => {
    const authority = await net.serve((request, response) => response.end(request.url));
    const response = value(value(await answerTo(authority)));
    expect(await textOf(response)).toBe("/x");
  });

  test("a time limit in milliseconds, and errors of four kinds", async () => {
    const authority = await net.serve(() => {});
    expect(await answerTo(authority, 30)).toEqual(
      ok(err({ tag: "timeout-error", val: "connection-read-timeout" })),
    );
  });

  test("a request that fails at once", () => {
    const request = call(
      "[constructor]outgoing-request",
      ...[get, "/", http, undefined, Fields.empty()],
    );
    expect(call("handle", request, undefined)).toEqual(
      err({ tag: "invalid-url", val: "HTTP-request-URI-invalid" }),
    );
  });
});

describe("2023-11-10", () => {
  const later = callOf(interfaces20231110);

  test.each(["connect", "first-byte", "between-bytes"])("%s time limit in milliseconds", (name) => {
    const options = later<object>("[constructor]request-options");
    const key = `${name}-timeout-ms`;
    expect(later(`[method]request-options.${key}`, options)).toBeUndefined();
    expect(later(`[method]request-options.set-${key}`, options, 7n)).toEqual(ok(undefined));
    expect(later(`[method]request-options.${key}`, options)).toBe(7n);
    expect(Object.values(options)).toContain(7_000_000n);
    expect(later(`[method]request-options.set-${key}`, options, undefined)).toEqual(ok(undefined));
    expect(later(`[method]request-options.${key}`, options)).toBeUndefined();
  });

  test("trailers that are missing, once", async () => {
    const future = bodyWithTrailers([]).finish();
    await future.wait();
    expect(later("[method]future-trailers.get", future)).toEqual(ok(undefined));
    expect(() => later("[method]future-trailers.get", future)).toThrow(/retrieved already/);
  });
});

import { expect, test } from "vitest";
import { ok } from "../../instance/host-interface.ts";
import type { Result } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import { IoError } from "../io/streams.ts";
import type { OutputStream } from "../io/streams.ts";
import { HttpFailure, plainError } from "./error-code.ts";
import { httpInterfaces } from "./http-interfaces.ts";
import { httpTypes } from "./http-types.ts";
import { newIncomingRequest, newResponseOutparam, outparamState } from "./incoming.ts";
import { RecordingSink } from "./recording-sink.ts";

/** wasi:http/types 0.2.12: the members of each resource; `!` marks static ones. */
const surface: Readonly<Record<string, string>> = {
  fields: "constructor !from-list get has set delete append entries clone",
  "incoming-request": "method path-with-query scheme authority headers consume",
  "outgoing-request":
    "constructor body method set-method path-with-query set-path-with-query " +
    "scheme set-scheme authority set-authority headers",
  "request-options":
    "constructor connect-timeout set-connect-timeout first-byte-timeout " +
    "set-first-byte-timeout between-bytes-timeout set-between-bytes-timeout",
  "response-outparam": "send-informational !set",
  "incoming-response": "status headers consume",
  "incoming-body": "stream !finish",
  "future-trailers": "subscribe get",
  "outgoing-response": "constructor status-code set-status-code headers body",
  "outgoing-body": "write !finish",
  "future-incoming-response": "subscribe get",
};

function keyOf(resource: string, member: string): string {
  if (member === "constructor") return `[constructor]${resource}`;
  if (member.startsWith("!")) return `[static]${resource}.${member.slice(1)}`;
  return `[method]${resource}.${member}`;
}

const context = {} as WasiContext;

function call<T>(name: string, ...values: unknown[]): T {
  const found = httpTypes.functions[name];
  if (found === undefined) throw new Error(`no function ${name}`);
  return found(context, ...values) as T;
}

function value<T>(result: Result<T, unknown>): T {
  if (result.tag === "err") throw new Error("unexpected err");
  return result.val;
}

test("the interface has exactly the functions and resources of its WIT", () => {
  const names = ["http-error-code"];
  for (const [resource, members] of Object.entries(surface)) {
    for (const member of members.split(" ")) names.push(keyOf(resource, member));
  }
  expect(Object.keys(httpTypes.functions).toSorted()).toEqual(names.toSorted());
  expect(Object.keys(httpTypes.resources).toSorted()).toEqual(Object.keys(surface).toSorted());
  expect(httpInterfaces.map(({ name, version }) => `${name}@${version}`)).toEqual([
    "wasi:http/types@0.2.12",
    "wasi:http/outgoing-handler@0.2.12",
  ]);
});

test("a guest that answers a request", () => {
  const sink = new RecordingSink();
  const request = newIncomingRequest({
    method: "POST",
    scheme: "https",
    authority: "example.org",
    pathWithQuery: "/a?b",
    headers: [["accept", Buffer.from("*/*")]],
    body: undefined,
    trailers: () => [],
  });
  expect(call("[method]incoming-request.method", request)).toEqual({ tag: "post", val: undefined });
  expect(call("[method]incoming-request.scheme", request)).toEqual({
    tag: "HTTPS",
    val: undefined,
  });
  expect(call("[method]incoming-request.authority", request)).toBe("example.org");
  expect(call("[method]incoming-request.path-with-query", request)).toBe("/a?b");
  const headers = call<object>("[method]incoming-request.headers", request);
  expect(call("[method]fields.entries", headers)).toEqual([["accept", Buffer.from("*/*")]]);

  const fields = value(call<Result<object, unknown>>("[static]fields.from-list", []));
  const response = call<object>("[constructor]outgoing-response", fields);
  call("[method]outgoing-response.set-status-code", response, 201);
  const body = value(call<Result<object, unknown>>("[method]outgoing-response.body", response));
  const outparam = newResponseOutparam(sink);
  call("[static]response-outparam.set", outparam, ok(response));
  expect(outparamState(outparam)).toBe("sent");
  const stream = value(call<Result<OutputStream, unknown>>("[method]outgoing-body.write", body));
  stream.write(Buffer.from("hello"));
  stream.dispose();
  expect(call("[static]outgoing-body.finish", body, undefined)).toEqual(ok(undefined));
  httpTypes.resources["outgoing-response"]?.drop?.(context, response);
  expect(sink.events).toEqual(["head 201", "write 5", "dispose", "finish"]);
});

test("dropping an outgoing-body that is not finished aborts it", () => {
  const sink = new RecordingSink();
  const response = call<object>("[constructor]outgoing-response", call("[constructor]fields"));
  const body = value(call<Result<object, unknown>>("[method]outgoing-response.body", response));
  call("[static]response-outparam.set", newResponseOutparam(sink), ok(response));
  httpTypes.resources["outgoing-body"]?.drop?.(context, body);
  expect(sink.events.at(-1)).toMatch(/^abort /);
});

test.each([
  ["of a stream of a body", new HttpFailure(plainError("loop-detected")), "loop-detected"],
  ["of anything else", new Error("disk full"), undefined],
])("http-error-code %s", (_, cause, tag) => {
  const code = call<{ tag: string } | undefined>("http-error-code", new IoError(cause));
  expect(code?.tag).toBe(tag);
});

test.each([
  [99, "HTTP-protocol-error"],
  [200, "HTTP-protocol-error"],
  [103, "internal-error"],
])("an informational response %d: %s", (status, tag) => {
  const outparam = newResponseOutparam(new RecordingSink());
  const fields = call("[constructor]fields");
  expect(
    call("[method]response-outparam.send-informational", outparam, status, fields),
  ).toMatchObject({ tag: "err", val: { tag } });
});

test.each(["connect-timeout", "first-byte-timeout", "between-bytes-timeout"])("%s", (name) => {
  const options = call<object>("[constructor]request-options");
  expect(call(`[method]request-options.${name}`, options)).toBeUndefined();
  expect(call(`[method]request-options.set-${name}`, options, 5n)).toEqual(ok(undefined));
  expect(call(`[method]request-options.${name}`, options)).toBe(5n);
});

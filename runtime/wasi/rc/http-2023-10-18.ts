import { trap } from "../../error.ts";
import { err, ok } from "../../instance/host-interface.ts";
import type { HostFunction, Result } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import type { HeaderList } from "../http/exchange.ts";
import { Fields } from "../http/fields.ts";
import type { FutureIncomingResponse } from "../http/future-incoming-response.ts";
import type { FutureTrailers } from "../http/future-trailers.ts";
import type { IncomingResponse } from "../http/incoming-response.ts";
import type { Method, Scheme } from "../http/method.ts";
import type { OutgoingBody } from "../http/outgoing-body.ts";
import { handle } from "../http/outgoing-handler.ts";
import { OutgoingRequest } from "../http/outgoing-request.ts";
import { OutgoingResponse } from "../http/outgoing-response.ts";
import { RequestOptions } from "../http/request-options.ts";
import type { ResponseOutparam } from "../http/response-outparam.ts";
import { trailersOnce } from "./http-2023-11-10.ts";
import { errorCodeOfHttpError, httpErrorOf } from "./http-error-2023-10-18.ts";
import type { HttpError } from "./http-error-2023-10-18.ts";
import type { Changes } from "./reissued.ts";

type Functions = Readonly<Record<string, HostFunction<WasiContext>>>;

/** Functions that have no error to return: what the release reports is a trap here. */
function accepted<T>(what: string, result: Result<T, { readonly tag: string } | undefined>): T {
  if (result.tag === "ok") return result.val;
  return trap(`${what} was refused${result.val === undefined ? "" : `: ${result.val.tag}`}`);
}

const fields: Functions = {
  "[constructor]fields": (_: WasiContext, entries: HeaderList[number][]) =>
    accepted("fields", Fields.fromList(entries)),
  "[method]fields.set": (_: WasiContext, self: Fields, name: string, values: Uint8Array[]) =>
    accepted("fields.set", self.set(name, values)),
  "[method]fields.delete": (_: WasiContext, self: Fields, name: string) =>
    accepted("fields.delete", self.delete(name)),
  "[method]fields.append": (_: WasiContext, self: Fields, name: string, value: Uint8Array) =>
    accepted("fields.append", self.append(name, value)),
};

/** The parameters after the context, in the order of the WIT. */
type RequestParameters = readonly [
  method: Method,
  pathWithQuery: string | undefined,
  scheme: Scheme | undefined,
  authority: string | undefined,
  headers: Fields,
];

function newRequest(_: WasiContext, ...parameters: RequestParameters): OutgoingRequest {
  const [method, pathWithQuery, scheme, authority, headers] = parameters;
  // The guest lends the headers and keeps its own.
  const request = new OutgoingRequest(headers.clone());
  accepted("the request's method", request.setMethod(method));
  accepted("the request's path", request.setPathWithQuery(pathWithQuery));
  accepted("the request's scheme", request.setScheme(scheme));
  accepted("the request's authority", request.setAuthority(authority));
  return request;
}

function newResponse(_: WasiContext, status: number, headers: Fields): OutgoingResponse {
  const response = new OutgoingResponse(headers.clone());
  accepted("the response's status", response.setStatus(status));
  return response;
}

const outgoing: Functions = {
  "[constructor]outgoing-request": newRequest,
  "[method]outgoing-request.write": (_: WasiContext, self: OutgoingRequest) => self.takeBody(),
  "[constructor]outgoing-response": newResponse,
  "[method]outgoing-response.write": (_: WasiContext, self: OutgoingResponse) => self.takeBody(),
  "[static]outgoing-body.finish": (
    _: WasiContext,
    self: OutgoingBody,
    trailers: Fields | undefined,
  ) => accepted("outgoing-body.finish", self.finish(trailers)),
  "[static]response-outparam.set": (
    _: WasiContext,
    self: ResponseOutparam,
    response: Result<OutgoingResponse, HttpError>,
  ) => self.set(response.tag === "ok" ? response : err(errorCodeOfHttpError(response.val))),
};

type Answer = Result<Result<IncomingResponse, HttpError>, undefined>;

function getResponse(_: WasiContext, self: FutureIncomingResponse): Answer | undefined {
  const result = self.get();
  if (result === undefined || result.tag === "err" || result.val.tag === "ok") {
    return result as Answer | undefined;
  }
  return ok(err(httpErrorOf(result.val.val)));
}

/** There is no way to say that there are none: they are empty. */
function getTrailers(_: WasiContext, self: FutureTrailers): Result<Fields, HttpError> | undefined {
  const result = trailersOnce(self);
  if (result === undefined) return undefined;
  if (result.tag === "err") return err(httpErrorOf(result.val));
  return ok(result.val ?? Fields.empty());
}

/** wasi:http/types 0.2.0-rc-2023-10-18, as it differs from 0.2. */
export const httpTypes20231018: Changes = {
  functions: {
    ...fields,
    ...outgoing,
    "[method]future-incoming-response.get": getResponse,
    "[method]future-trailers.get": getTrailers,
  },
};

/** The candidate's `request-options`: a record, in milliseconds. */
interface OptionsRecord {
  readonly connectTimeoutMs: number | undefined;
  readonly firstByteTimeoutMs: number | undefined;
  readonly betweenBytesTimeoutMs: number | undefined;
}

function nanoseconds(ms: number | undefined): bigint | undefined {
  return ms === undefined ? undefined : BigInt(ms) * 1_000_000n;
}

function handleRequest(
  context: WasiContext,
  request: OutgoingRequest,
  record: OptionsRecord | undefined,
): Result<FutureIncomingResponse, HttpError> {
  const options = new RequestOptions();
  options.connectTimeout = nanoseconds(record?.connectTimeoutMs);
  options.firstByteTimeout = nanoseconds(record?.firstByteTimeoutMs);
  options.betweenBytesTimeout = nanoseconds(record?.betweenBytesTimeoutMs);
  const result = handle(context, request, options);
  return result.tag === "ok" ? result : err(httpErrorOf(result.val));
}

/** wasi:http/outgoing-handler 0.2.0-rc-2023-10-18, as it differs from 0.2. */
export const outgoingHandler20231018: Changes = { functions: { handle: handleRequest } };

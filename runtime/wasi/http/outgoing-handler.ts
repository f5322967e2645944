import type { Readable } from "node:stream";
import { err, ok } from "../../instance/host-interface.ts";
import type { HostInterface, Result } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import type { HttpContext, WasiContext } from "../context.ts";
import { plainError } from "./error-code.ts";
import type { ErrorCode } from "./error-code.ts";
import type { HeaderList } from "./exchange.ts";
import type { Fields } from "./fields.ts";
import { latin1 } from "./field-syntax.ts";
import { FutureIncomingResponse } from "./future-incoming-response.ts";
import type { OutgoingRequest } from "./outgoing-request.ts";
import type { RequestOptions } from "./request-options.ts";
import { requestTarget } from "./request-target.ts";
import type { RequestParts, RequestTarget } from "./request-target.ts";

/** wasi:http/outgoing-handler's answer. */
export type Handled = Result<FutureIncomingResponse, ErrorCode>;

/**
 * Starts an outgoing request. One that is invalid or not permitted fails at once, everything else
 * through the future. Takes the request over; a body of it that cannot be sent is closed.
 */
export function handle(
  context: WasiContext,
  request: OutgoingRequest,
  options: RequestOptions | undefined,
): Handled {
  request.handOver();
  const { headers, body } = request;
  const started = startRequest(context.http, {
    parts: request,
    headers,
    body: body?.readable,
    options,
  });
  if (started.tag === "err") body?.abort();
  return started;
}

/** An outgoing request, of any version of wasi:http. */
export interface RequestToStart {
  readonly parts: RequestParts;
  readonly headers: Fields;
  /** Undefined for a request without content. */
  readonly body: Readable | undefined;
  readonly options: RequestOptions | undefined;
}

/** Sends a request if it is valid and permitted; the body stays the caller's if it is not. */
export function startRequest(http: HttpContext, request: RequestToStart): Handled {
  const target = requestTarget(request.parts);
  if (typeof target === "string") return err(plainError(target));
  if (!http.isAllowed(target)) return denied(http, target);
  if (request.body === undefined && (request.headers.contentLength() ?? 0) > 0) {
    return err<ErrorCode>({ tag: "HTTP-request-body-size", val: 0n });
  }
  const origin = originOf(http, target);
  if (origin === undefined) return err(plainError("HTTP-request-URI-invalid"));
  return ok(send(http, request, { target, origin }));
}

/** Watched like one that is sent: why a guest does not get an answer is worth knowing. */
function denied(
  http: HttpContext,
  { method, scheme, authority, path }: RequestTarget,
): Result<FutureIncomingResponse, ErrorCode> {
  const error = "HTTP-request-denied";
  http.outbound?.({ method, origin: `${scheme}://${authority}`, path }).end(undefined, error);
  return err(plainError(error));
}

interface Destination {
  readonly target: RequestTarget;
  readonly origin: string;
}

function send(
  http: HttpContext,
  { headers, body, options }: RequestToStart,
  { target, origin }: Destination,
): FutureIncomingResponse {
  const timeouts = {
    connect: milliseconds(options?.connectTimeout),
    firstByte: milliseconds(options?.firstByteTimeout),
    betweenBytes: milliseconds(options?.betweenBytesTimeout),
  };
  const { method, path } = target;
  const observer = http.outbound?.({ method, origin, path });
  const lines = outgoingHeaders(headers.entries());
  const future = new FutureIncomingResponse(timeouts, body, observer);
  http.dispatcher().dispatch(
    {
      origin,
      method,
      path,
      headers: observer === undefined ? lines : observer.headers(lines),
      body: body ?? null,
      // The future's own timers count what the guest asked for.
      headersTimeout: 0,
      bodyTimeout: 0,
    },
    future,
  );
  return future;
}

function originOf(http: HttpContext, target: RequestTarget): string | undefined {
  if (target.authority !== "") return `${target.scheme}://${target.authority}`;
  return http.selfOrigin;
}

/** Alternating names and values; Host is not among them, undici adds it from the origin. */
function outgoingHeaders(lines: HeaderList): string[] {
  const headers: string[] = [];
  for (const [name, value] of lines) {
    // Both concern one connection only; the host never waits for `100 Continue`.
    if (name === "expect" || (name === "te" && latin1(value) !== "trailers")) continue;
    headers.push(name, latin1(value));
  }
  return headers;
}

/** Largest delay that Node's timers take. */
const timerMsMax = 0x7fff_ffff;

function milliseconds(duration: bigint | undefined): number {
  if (duration === undefined) return limits.outboundTimeoutMs;
  return Math.min(Number((duration + 999_999n) / 1_000_000n), timerMsMax);
}

/** wasi:http/outgoing-handler. */
export const outgoingHandler: HostInterface<WasiContext> = {
  name: "wasi:http/outgoing-handler",
  version: "0.2.12",
  functions: { handle },
  suspending: new Set(),
  resources: {},
};

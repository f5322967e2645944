import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { pipeline } from "node:stream";
import type { Readable } from "node:stream";
import type { HttpAnswer, HttpRequest } from "./http-exchange.ts";

/** How a request gets to its server. */
export interface RequestWay {
  readonly agent: Agent;
  /** `request` of `node:http` or `node:https`, as the URL says. */
  readonly open: (options: RequestOptions) => ClientRequest;
  /** Until there is a connection, with TLS where the URL says so. */
  readonly connectMsMax: number;
  /** Without any byte to or from the server. */
  readonly idleMsMax: number;
}

/** Codes of the failures that are found here; all others are those of Node. */
export const exchangeFailures = {
  connectTimeout: "WHORL_CONNECT_TIMEOUT",
  headTimeout: "WHORL_HEAD_TIMEOUT",
  bodyTimeout: "WHORL_BODY_TIMEOUT",
  cut: "WHORL_CUT",
  shortRequest: "WHORL_SHORT_REQUEST",
} as const;

/** An error with one of {@link exchangeFailures}. */
export function exchangeFailure(kind: keyof typeof exchangeFailures): Error {
  return Object.assign(new Error(kind), { code: exchangeFailures[kind] });
}

/**
 * Sends one request and waits for the head of its answer. What goes wrong after that, the body of
 * the answer throws.
 * @throws what the network throws, an error of {@link exchangeFailure}, or the signal's reason.
 */
export function sendRequest(request: HttpRequest, way: RequestWay): Promise<HttpAnswer> {
  const { signal, body } = request;
  return new Promise((resolve, reject) => {
    const sent = way.open(requestOptions(request, way));
    sent.on("error", (error) => reject(signal?.aborted === true ? signal.reason : error));
    // Where the other side speaks another protocol from here on there is neither answer nor error.
    sent.on("close", () => reject(exchangeFailure("cut")));
    sent.on("response", (answer) => {
      freeAfter(answer, sent);
      resolve(toHttpAnswer(answer));
    });
    limitTime(sent, request.url.protocol === "https:" ? "secureConnect" : "connect", way);
    if (body !== undefined && "pipe" in body) sendStream(body, sent, request.headers);
    else sent.end(body);
  });
}

/** Not the URL itself: Node would make an authorization of a name and password in it. */
function requestOptions(
  { method, url, headers, signal }: HttpRequest,
  { agent, idleMsMax }: RequestWay,
): RequestOptions {
  return {
    agent,
    method,
    headers,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port,
    path: `${url.pathname}${url.search}`,
    timeout: idleMsMax,
    ...(signal !== undefined && { signal }),
  };
}

function limitTime(
  sent: ClientRequest,
  connected: "connect" | "secureConnect",
  { connectMsMax, idleMsMax }: RequestWay,
): void {
  let answer: IncomingMessage | undefined;
  sent.once("response", (arrived) => void (answer = arrived));
  sent.once("socket", (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => sent.destroy(exchangeFailure("connectTimeout")), connectMsMax);
    const stop = (): void => clearTimeout(timer);
    socket.once(connected, stop);
    socket.once("close", stop);
  });
  sent.on("timeout", () => {
    if (answer === undefined) sent.destroy(exchangeFailure("headTimeout"));
    // Whoever reads slowly is no reason to give up: look again later.
    else if (answer.readableLength > 0) sent.setTimeout(idleMsMax);
    else answer.destroy(exchangeFailure("bodyTimeout"));
  });
}

/** Each failure becomes one of the request. Bytes that are missing would let the server wait. */
function sendStream(body: Readable, sent: ClientRequest, headers: HttpRequest["headers"]): void {
  let left = Number(headers["content-length"] ?? "0");
  const counted = async function* counted(chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      left -= chunk.length;
      yield chunk;
    }
    if (left > 0) sent.destroy(exchangeFailure("shortRequest"));
  };
  // Before the pipeline, which would end the request without saying why.
  body.once("error", (error) => sent.destroy(error));
  pipeline(body, counted, sent, () => undefined);
}

/** A server that answers before it has read the request may never read the rest. */
function freeAfter(answer: IncomingMessage, sent: ClientRequest): void {
  answer.once("end", () => {
    if (!sent.writableFinished) sent.destroy();
  });
}

function toHttpAnswer(answer: IncomingMessage): HttpAnswer {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(answer.headersDistinct)) {
    const first = values?.[0];
    if (first !== undefined) headers[name] = first;
  }
  return { status: answer.statusCode ?? 0, headers, body: answer };
}

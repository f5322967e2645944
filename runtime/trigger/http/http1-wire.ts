import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { nodeHttp } from "../../node-http.ts";
import type { HeaderList } from "../../wasi/http/exchange.ts";
import { emptyResponse } from "./plain-response.ts";
import type { PlainResponse } from "./plain-response.ts";
import { trailerLines } from "./response-head.ts";
import type { Inbound, ResponseHead, Wire } from "./wire.ts";

const badRequest = emptyResponse(400);

export type Http1Response = ServerResponse<IncomingMessage>;

/** HTTP/1.0 and 1.1 over node:http. */
export class Http1Wire implements Wire<Http1Response> {
  readonly #scheme: "http" | "https";
  readonly #isClosing: () => boolean;

  /** While `isClosing`, responses announce that the connection ends with them. */
  constructor(scheme: "http" | "https", isClosing: () => boolean) {
    this.#scheme = scheme;
    this.#isClosing = isClosing;
  }

  /** Undefined if the request was answered already because it is malformed. */
  inbound(request: IncomingMessage, response: Http1Response): Inbound<Http1Response> | undefined {
    const { headers } = request;
    if (isMalformed(request)) {
      response.shouldKeepAlive = false;
      this.plain(response, badRequest);
      return undefined;
    }
    return {
      wire: this,
      response,
      method: request.method ?? "",
      scheme: this.#scheme,
      target: request.url ?? "",
      authority: undefined,
      host: headers.host,
      rawHeaders: request.rawHeaders,
      body: hasBody(headers) ? request : undefined,
      trailers: request,
      peer: request.socket,
    };
  }

  head(response: Http1Response, head: ResponseHead): void {
    this.#prepareConnection(response);
    response.writeHead(head.status, reasonPhrase(head.status), head.headers);
  }

  flushHead(response: Http1Response): void {
    response.flushHeaders();
  }

  trailers(response: Http1Response, trailers: HeaderList): void {
    if (trailers.length > 0) response.addTrailers(trailerLines(trailers));
  }

  whole(response: Http1Response, head: ResponseHead, body: Uint8Array): void {
    this.head(response, head);
    endWith(response, body);
  }

  plain(response: Http1Response, plain: PlainResponse): void {
    this.#prepareConnection(response);
    response.writeHead(plain.status, reasonPhrase(plain.status), [...plain.headers]);
    endWith(response, plain.body);
  }

  abort(response: Http1Response): void {
    const { socket } = response.req;
    // Where the end of the connection is the end of the body, only a reset tells them apart.
    if (response.req.httpVersionMinor === 0 && canReset(socket)) {
      socket.resetAndDestroy();
      return;
    }
    // What the guest has sent still goes out; node:http would hold it until the next tick.
    response.uncork();
    socket.destroySoon();
  }

  drop(response: Http1Response): void {
    response.req.socket.destroy();
  }

  discardBody(response: Http1Response): void {
    const request = response.req;
    if (request.readableEnded || request.destroyed) return;
    // A guest that trapped may have left its listener behind, which would hold the flow up.
    request.removeAllListeners("readable");
    request.on("data", discard);
    request.resume();
  }

  /**
   * HTTP/1.1 connections persist without a header that says so. Node's own header stays where it
   * means something: when the connection closes, and for HTTP/1.0.
   */
  #prepareConnection(response: Http1Response): void {
    if (this.#isClosing()) response.shouldKeepAlive = false;
    else if (response.shouldKeepAlive && response.req.httpVersionMinor === 1) {
      response.removeHeader("connection");
    }
  }
}

/**
 * What node:http lets pass although it is no HTTP/1 request: HTTP/0.9, a body whose end cannot be
 * known (RFC 9112, 6.3), and two hosts (RFC 9112, 3.2), of which others may believe another one.
 */
function isMalformed(request: IncomingMessage): boolean {
  const coding = request.headers["transfer-encoding"];
  return (
    request.httpVersionMajor < 1 ||
    (coding !== undefined && !/(^|[ \t,])chunked$/i.test(coding)) ||
    hasTwoHosts(request.rawHeaders)
  );
}

function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 4 && name.toLowerCase() === "host") hosts++;
  }
  return hosts > 1;
}

function hasBody(headers: IncomingMessage["headers"]): boolean {
  const length = headers["content-length"];
  if (length !== undefined) return length !== "0";
  return headers["transfer-encoding"] !== undefined;
}

/**
 * A small body is given as text, which node:http puts behind the head: one buffer and one plain
 * write for both cost a tenth of a small request less than two buffers in a list.
 */
function endWith(response: Http1Response, body: Uint8Array): void {
  if (body.length > textBytesMax) response.end(body);
  else response.end(Buffer.prototype.latin1Slice.call(body, 0, body.length), "latin1");
}

/** Beyond that the copy costs more than the second buffer. */
const textBytesMax = 4096;

/** Always given: what an earlier, refused head has left behind must not be taken. */
function reasonPhrase(status: number): string {
  return nodeHttp.STATUS_CODES[status] ?? "";
}

function canReset(socket: Socket): boolean {
  return !("encrypted" in socket);
}

function discard(): void {}

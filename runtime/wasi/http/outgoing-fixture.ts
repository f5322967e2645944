import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import type { AddressInfo, Server as TcpServer, Socket } from "node:net";
import { Agent } from "undici";
import type { Result } from "../../instance/host-interface.ts";
import type { HttpContext, WasiContext } from "../context.ts";
import { StreamFailure } from "../io/streams.ts";
import type { InputStream, OutputStream } from "../io/streams.ts";
import type { ErrorCode, HttpFailure } from "./error-code.ts";
import { Fields } from "./fields.ts";
import type { FutureIncomingResponse } from "./future-incoming-response.ts";
import type { IncomingResponse } from "./incoming-response.ts";
import { handle } from "./outgoing-handler.ts";
import { OutgoingRequest } from "./outgoing-request.ts";
import { RequestOptions } from "./request-options.ts";

/** What a test asks for; http, GET and no headers where it says nothing else. */
export interface Call {
  readonly authority?: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly options?: Partial<RequestOptions>;
  readonly context?: WasiContext;
}

/** Servers on the loopback and an agent that reaches them, for tests of outgoing requests. */
export class Loopback implements AsyncDisposable {
  agent: Agent = new Agent();
  readonly #servers: (Server | TcpServer)[] = [];
  readonly #sockets = new Set<Socket>();

  /** Starts the server; its authority. */
  async listen(server: Server | TcpServer): Promise<string> {
    this.#servers.push(server);
    server.on("connection", (socket: Socket) => this.#sockets.add(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Starts an HTTP server; its authority. */
  serve(listener: RequestListener): Promise<string> {
    return this.listen(createServer(listener));
  }

  context(parts: Partial<HttpContext> = {}): WasiContext {
    const http: HttpContext = {
      isAllowed: () => true,
      selfOrigin: undefined,
      dispatcher: () => this.agent,
      ...parts,
    };
    return { http } as WasiContext;
  }

  /** Sends the request, which must not fail at once. */
  start(call: Call, request: OutgoingRequest = requestOf(call)): FutureIncomingResponse {
    const options = Object.assign(new RequestOptions(), call.options);
    return value(handle(call.context ?? this.context(), request, options));
  }

  async responseTo(call: Call): Promise<IncomingResponse> {
    return value(await answerOf(this.start(call)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent.destroy();
    for (const socket of this.#sockets) socket.destroy();
    const listening = this.#servers.filter((server) => server.listening);
    await Promise.all(listening.map((server) => server[Symbol.asyncDispose]()));
  }
}

/** The `ok` value; throws otherwise. */
export function value<T>(result: Result<T, unknown> | undefined): T {
  if (result === undefined || result.tag === "err") {
    throw new Error(`unexpected ${JSON.stringify(result?.val)}`);
  }
  return result.val;
}

/** The outgoing-request that the call describes. */
export function requestOf(call: Call): OutgoingRequest {
  const lines: [string, Uint8Array][] = [];
  for (const [name, text] of call.headers ?? []) lines.push([name, Buffer.from(text)]);
  const request = new OutgoingRequest(value(Fields.fromList(lines)));
  value(request.setScheme({ tag: "HTTP", val: undefined }));
  value(request.setAuthority(call.authority));
  value(request.setPathWithQuery(call.path));
  if (call.method !== undefined) value(request.setMethod({ tag: "other", val: call.method }));
  return request;
}

/** Waits for the answer of a call. */
export async function answerOf(
  future: FutureIncomingResponse,
): Promise<Result<IncomingResponse, ErrorCode>> {
  await future.wait();
  return value(future.get());
}

/** Waits for the error that a call ends with. */
export async function failureOf(future: FutureIncomingResponse): Promise<ErrorCode> {
  const answer = await answerOf(future);
  if (answer.tag === "ok") throw new Error(`unexpected status ${answer.val.status}`);
  return answer.val;
}

/** All of a stream as text, or the tag of the error-code that ended it. */
export async function contentOf(stream: InputStream): Promise<string> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    try {
      const chunk = stream.read(100_000);
      if (chunk.length === 0) await stream.wait();
      chunks.push(chunk);
    } catch (error) {
      if (!(error instanceof StreamFailure)) throw error;
      if (error.error.tag === "closed") return Buffer.concat(chunks).toString();
      return (error.error.val.cause as HttpFailure).errorCode.tag;
    }
  }
}

/** All of a response's content; see {@link contentOf}. */
export async function textOf(response: IncomingResponse): Promise<string> {
  return contentOf(value(value(response.consume()).stream()));
}

/** Writes as fast as the stream permits. */
export async function writeAll(stream: OutputStream, content: Iterable<Uint8Array>): Promise<void> {
  for (const chunk of content) {
    while (stream.checkWrite() < chunk.length) await stream.wait();
    stream.write(chunk);
  }
}

import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { HttpTrigger } from "../../app/app.ts";
import type { IncomingExchange, ResponseSink } from "../../wasi/http/exchange.ts";
import { serveHttp } from "./server.ts";
import type { HttpServer, HttpServerOptions } from "./server.ts";

/** A guest of the tests. */
export type Guest = (exchange: IncomingExchange, sink: ResponseSink) => Promise<void>;

/** A listener on a free port, and what it has logged. */
export interface TestServer extends HttpServer {
  readonly logged: string[];
}

/** Serves `guest` as component `c` on all paths, and the given triggers. */
export async function startServer(
  guest: Guest,
  options: Partial<HttpServerOptions> = {},
): Promise<TestServer> {
  const logged: string[] = [];
  const log = {
    warn: (text: string) => logged.push(text),
    error: (text: string) => logged.push(text),
  };
  const all: HttpTrigger = {
    id: "all",
    route: "/...",
    target: { kind: "component", component: "c" },
  };
  const server = await serveHttp({
    app: { name: "test", version: undefined, ociImageDigest: undefined },
    triggers: [all],
    executors: new Map([["c", { handle: guest }]]),
    listen: { host: "127.0.0.1", port: 0 },
    log,
    ...options,
  });
  return Object.assign(server, { logged });
}

/** Answers at once with text. */
export function answer(text: string, headers: readonly (readonly [string, string])[] = []): Guest {
  return async (_exchange, sink) => respond(sink, text, headers);
}

/** Sends a complete response. */
export function respond(
  sink: ResponseSink,
  text: string,
  headers: readonly (readonly [string, string])[] = [],
): void {
  const lines = headers.map(([name, value]) => [name, Buffer.from(value)] as const);
  sink.head(200, lines).write(Buffer.from(text));
  sink.finish([]);
}

/** Sends the request's body back as it arrives, at the pace of the client. */
export async function echo(exchange: IncomingExchange, sink: ResponseSink): Promise<void> {
  const output = sink.head(200, []);
  for await (const chunk of exchange.body ?? []) {
    while (output.checkWrite() === 0) await output.wait();
    output.write(chunk as Buffer);
  }
  sink.finish(exchange.trailers());
}

/** A TCP client that says what it likes. */
export class RawClient implements Disposable {
  readonly socket: Socket;
  received = "";

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => (this.received += text));
    socket.on("error", () => {});
  }

  static async connect(server: HttpServer): Promise<RawClient> {
    const socket = connect(server.address.port, server.address.host);
    await once(socket, "connect");
    return new RawClient(socket);
  }

  send(...lines: string[]): void {
    this.socket.write(lines.join("\r\n"), "latin1");
  }

  /** Settles once `text` has arrived; rejects when the connection ends without it. */
  async until(text: string): Promise<string> {
    while (!this.received.includes(text)) {
      if (this.socket.destroyed) throw new Error(`closed after ${JSON.stringify(this.received)}`);
      await Promise.race([once(this.socket, "data"), once(this.socket, "close")]);
    }
    return this.received;
  }

  /** Everything that came until the server closed the connection. */
  async untilClosed(): Promise<string> {
    if (!this.socket.destroyed) await new Promise((resolve) => this.socket.once("close", resolve));
    return this.received;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** A response without its Date, which is different each time. */
export function withoutDate(response: string): string {
  return response.replaceAll(/^Date: .* GMT\r\n/gm, "");
}

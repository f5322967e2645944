import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Registry } from "prom-client";

export interface AgentServerOptions {
  readonly host: string;
  /** 0: any. */
  readonly port: number;
  /** Why the node is not ready; undefined where it is. */
  readonly obstacle: () => string | undefined;
  readonly registry: Registry;
}

/** Serves /healthz, /readyz and /metrics. */
export class AgentServer implements AsyncDisposable {
  readonly port: number;
  readonly #close: () => Promise<void>;

  private constructor(port: number, close: () => Promise<void>) {
    this.port = port;
    this.#close = close;
  }

  static async start(options: AgentServerOptions): Promise<AgentServer> {
    const server = createServer((request, response) => void answer(options, request, response));
    server.listen(options.port, options.host);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return new AgentServer(port, async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

async function answer(
  { obstacle, registry }: AgentServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const say = (status: number, text: string, type = "text/plain; charset=utf-8"): void => {
    response.writeHead(status, { "content-type": type });
    response.end(request.method === "HEAD" ? undefined : text);
  };
  if (request.method !== "GET" && request.method !== "HEAD") return say(405, "only GET\n");
  switch (request.url?.split("?")[0]) {
    case "/healthz":
      return say(200, "ok\n");
    case "/readyz": {
      const reason = obstacle();
      return reason === undefined ? say(200, "ok\n") : say(503, `${reason}\n`);
    }
    case "/metrics":
      return say(200, await registry.metrics(), registry.contentType);
    default:
      return say(404, "there are /healthz, /readyz and /metrics\n");
  }
}

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ServiceRequest {
  readonly method: string;
  /** Percent-decoded, without the query. */
  readonly path: string;
  header(name: string): string | undefined;
  /** Undefined without a body. */
  readonly body: unknown;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** An HTTP server with JSON bodies on a free port of 127.0.0.1. */
export class HttpService implements AsyncDisposable {
  readonly url: string;
  readonly #server: ReturnType<typeof createServer>;

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(answer: (request: ServiceRequest) => ServiceAnswer): Promise<HttpService> {
    const server = createServer((request, response) => {
      serve(request, response, answer).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new HttpService(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (request: ServiceRequest) => ServiceAnswer,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const { status, headers, body } = answer({
    method: request.method ?? "",
    path: decodeURIComponent((request.url ?? "").split("?", 1)[0] ?? ""),
    header: (name) => request.headers[name]?.toString(),
    body: text === "" ? undefined : JSON.parse(text),
  });
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

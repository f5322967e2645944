import { once } from "node:events";
import {
  type IncomingMessage,
  type Server,
  type ServerResponse,
  createServer as createHttpServer,
} from "node:http";
import { Server as HttpsServer, createServer as createHttpsServer } from "node:https";
import { OperatorError, errorText } from "../error.ts";
import { limits } from "../limits.ts";
import type { Certificate } from "./self-signed-certificate.ts";
import type { Verdict } from "./token-guard.ts";

/** Undefined where all is well, else what is wrong. */
export type Check = () => string | undefined;

export interface OperationsServerOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** `/healthz`: the process works; a failure makes the kubelet restart it. */
  readonly health?: Readonly<Record<string, Check>>;
  /** `/readyz`. */
  readonly ready?: Readonly<Record<string, Check>>;
  /** `/metrics`, in the text format of Prometheus. */
  readonly metrics?: { readonly contentType: string; metrics(): Promise<string> };
  /** Who may read `/metrics`; everybody where not given. */
  readonly guard?: (authorization: string | undefined, path: string) => Promise<Verdict>;
  /** PEM; plain HTTP where not given. */
  readonly tls?: Certificate;
}

interface Answer {
  readonly status: number;
  readonly contentType?: string;
  readonly text: string;
}

const plain = "text/plain; charset=utf-8";
const statusOfVerdict = { unauthorized: 401, forbidden: 403 } as const;

/** Health, readiness and metrics over HTTP. */
export class OperationsServer implements AsyncDisposable {
  readonly #server: Server | HttpsServer;
  readonly #options: OperationsServerOptions;

  private constructor(options: OperationsServerOptions) {
    this.#options = options;
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#answer(request, response);
    };
    const { tls } = options;
    this.#server =
      tls === undefined ? createHttpServer(listener) : createHttpsServer({ ...tls }, listener);
    this.#server.maxConnections = limits.operationsConnectionsMax;
    this.#server.requestTimeout = limits.requestMs;
  }

  /** Throws `listen` where the address cannot be had. */
  static async start(options: OperationsServerOptions): Promise<OperationsServer> {
    const operations = new OperationsServer(options);
    const { host, port } = options;
    try {
      operations.#server.listen({ host, port });
      await once(operations.#server, "listening");
    } catch (cause) {
      const address = `${host}:${port}`;
      throw new OperatorError("listen", `cannot listen on ${address}: ${errorText(cause)}`, {
        cause,
      });
    }
    return operations;
  }

  get port(): number {
    const address = this.#server.address();
    return address === null || typeof address === "string" ? 0 : address.port;
  }

  /** New connections get this certificate; does nothing over plain HTTP. */
  renew({ cert, key }: Certificate): void {
    if (this.#server instanceof HttpsServer) this.#server.setSecureContext({ cert, key });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.#route(request);
    } catch (error) {
      answer = { status: 500, text: `${errorText(error)}\n` };
    }
    request.resume();
    response.writeHead(answer.status, { "content-type": answer.contentType ?? plain });
    response.end(request.method === "HEAD" ? "" : answer.text);
  }

  async #route(request: IncomingMessage): Promise<Answer> {
    const { health = {}, ready = {}, metrics } = this.#options;
    const path = (request.url ?? "").replace(/\?.*$/s, "");
    if (request.method !== "GET" && request.method !== "HEAD") {
      return { status: 405, text: "only GET\n" };
    }
    if (path === "/healthz") return checked(health);
    if (path === "/readyz") return checked(ready);
    if (path === "/metrics" && metrics !== undefined) return await this.#metrics(request, metrics);
    return { status: 404, text: "there are /healthz, /readyz and /metrics\n" };
  }

  async #metrics(
    request: IncomingMessage,
    metrics: NonNullable<OperationsServerOptions["metrics"]>,
  ): Promise<Answer> {
    const verdict = await this.#options.guard?.(request.headers.authorization, "/metrics");
    if (verdict !== undefined && verdict !== "allowed") {
      return { status: statusOfVerdict[verdict], text: `${verdict}\n` };
    }
    return { status: 200, contentType: metrics.contentType, text: await metrics.metrics() };
  }
}

/** As the API server's own endpoints: one line for each check. */
function checked(checks: Readonly<Record<string, Check>>): Answer {
  const lines: string[] = [];
  let well = true;
  for (const [name, check] of Object.entries(checks)) {
    const complaint = complaintOf(check);
    well &&= complaint === undefined;
    lines.push(complaint === undefined ? `[+]${name} ok` : `[-]${name} failed: ${complaint}`);
  }
  if (well) return { status: 200, text: "ok\n" };
  return { status: 500, text: `${lines.join("\n")}\n` };
}

function complaintOf(check: Check): string | undefined {
  try {
    return check();
  } catch (error) {
    return errorText(error);
  }
}

import { once } from "node:events";
import { rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { errorText, WhorlError } from "../../error.ts";
import { limits } from "../../limits.ts";
import { nodeHttp } from "../../node-http.ts";
import { compileFilter, filterFromQuery } from "../live/request-filter.ts";
import type { RequestLog, RequestSubscription } from "../live/request-log.ts";
import { usageSnapshot } from "../live/usage-snapshot.ts";
import type { Exposition } from "../metrics/prometheus-text.ts";
import type { RuntimeMetrics } from "../metrics/runtime-metrics.ts";
import { listening, stopListening } from "./admin-listen.ts";
import { isPortForwarded } from "./port-forwarded.ts";

/** What is shown; an `OpenTelemetry` is one. */
export interface AdminSource {
  readonly metrics: RuntimeMetrics;
  readonly requestLog: RequestLog;
  /** Somebody looks: requests are recorded from now on. */
  record(): void;
  /** The metrics are as of now when this is done. */
  collect(): void | Promise<void>;
}

export type AdminAddress =
  /** A socket in a folder of {@link prepareAdminFolder}: everything, for this user. */
  | { readonly kind: "socket"; readonly path: string }
  /** For Prometheus: metrics only, for whoever reaches the address. Port 0 takes a free one. */
  | {
      readonly kind: "metrics";
      readonly host: string;
      readonly port: number;
      /** In a pod: requests too, for who comes by a port-forward, whose rights Kubernetes checks. */
      readonly requestsByPortForward?: boolean;
    };

export interface AdminServer extends AsyncDisposable {
  /** 0 for a socket. */
  readonly port: number;
}

/** What one app, or several, are: told to who asks which process this is. */
export interface AdminIdentity {
  readonly apps: readonly string[];
  readonly url: string | undefined;
  readonly version: string;
}

interface Answering {
  readonly source: AdminSource;
  readonly identity: () => AdminIdentity;
  readonly address: AdminAddress;
  /** Loaded when somebody asks for metrics. */
  exposition: Promise<Exposition> | undefined;
}

/**
 * Offers the live view of this process. Read-only. Rejects with WhorlError `listen` where the
 * address cannot be had.
 */
export async function startAdminServer(
  address: AdminAddress,
  source: AdminSource,
  identity: () => AdminIdentity,
): Promise<AdminServer> {
  const answering: Answering = { source, identity, address, exposition: undefined };
  const server = nodeHttp.createServer((request, response) => {
    void answer(answering, request, response);
  });
  server.maxConnections = limits.adminConnectionsMax;
  const port = await listening(server, address);
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      await stopListening(server);
      if (address.kind === "socket") rmSync(address.path, { force: true });
    },
  };
}

async function answer(
  answering: Answering,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.on("error", () => undefined);
  try {
    if (request.method !== "GET") {
      response.setHeader("allow", "GET");
      send(response, 405, "only GET\n");
      return;
    }
    const url = URL.parse(request.url ?? "", "http://admin") ?? new URL("http://admin");
    await route(answering, url, { request, response });
  } catch (error) {
    const isUsage = error instanceof WhorlError && error.code === "usage";
    if (response.headersSent) response.destroy();
    else send(response, isUsage ? 400 : 500, `${errorText(error)}\n`);
  }
}

async function route(
  answering: Answering,
  url: URL,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): Promise<void> {
  if (url.pathname !== "/v1/identity") answering.source.record();
  if (url.pathname === "/metrics") return await sendMetrics(answering, response);
  const { address } = answering;
  if (address.kind === "metrics" && url.pathname === "/v1/requests") {
    if (address.requestsByPortForward === true && isPortForwarded(request)) {
      return await follow(answering.source.requestLog, url.searchParams, response);
    }
  } else if (address.kind === "socket") {
    switch (url.pathname) {
      case "/v1/identity":
        return sendJson(response, { pid: process.pid, ...answering.identity() });
      case "/v1/usage":
        await answering.source.collect();
        return sendJson(response, usageSnapshot(answering.source.metrics));
      case "/v1/requests":
        return await follow(answering.source.requestLog, url.searchParams, response);
      default:
    }
  }
  return send(response, 404, "there are /metrics, /v1/identity, /v1/usage, /v1/requests\n");
}

async function sendMetrics(answering: Answering, response: ServerResponse): Promise<void> {
  const { source } = answering;
  const { contentType, text } = await (answering.exposition ??= loadExposition(source));
  response.setHeader("content-type", contentType);
  response.end(await text());
}

async function loadExposition(source: AdminSource): Promise<Exposition> {
  const { prometheusExposition } = await import("../metrics/prometheus-text.ts");
  return prometheusExposition({
    families: source.metrics.all(),
    collect: () => source.collect(),
  });
}

/** One JSON object per line, until the client goes. */
async function follow(
  log: RequestLog,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const subscription = log.subscribe(compileFilter(filterFromQuery(query)));
  if (subscription === undefined) {
    send(response, 503, `${limits.requestLogSubscribersMax} are watching already\n`);
    return;
  }
  response.once("close", () => subscription[Symbol.dispose]());
  response.setHeader("content-type", "application/x-ndjson");
  response.flushHeaders();
  await pump(subscription, response);
}

/** Records wait, and get lost, in the subscription: what is in the socket's buffer is bounded. */
async function pump(subscription: RequestSubscription, response: ServerResponse): Promise<void> {
  for (let item = await subscription.next(); item !== undefined; item = await subscription.next()) {
    const line = item.kind === "request" ? item.record : { lost: item.count };
    if (response.write(`${JSON.stringify(line)}\n`) || response.destroyed) continue;
    await Promise.race([once(response, "drain"), once(response, "close")]);
  }
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(value));
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(text);
}

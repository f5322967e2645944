import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createHttpsServer, Server as HttpsServer } from "node:https";
import { errorText, WhorlError } from "../../error.ts";
import { limits } from "../../limits.ts";
import { nodeHttp } from "../../node-http.ts";
import { printableText } from "../printable-text.ts";
import { listening, stopListening } from "./admin-listen.ts";
import { type AuthorizeToken, bearerToken, foreignRequest } from "./console-access.ts";
import type { ConsoleProblem } from "./console-api.ts";
import { sendEvents } from "./console-events.ts";
import { type ConsoleFiles, consoleFile, safeHeaders, sendConsoleFile } from "./console-files.ts";
import { appQuery, eventQuery, requestQuery } from "./console-query.ts";
import type { ConsoleView } from "./console-view.ts";

export interface ConsoleOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What is shown to those who are granted access without a view of their own. */
  readonly view: ConsoleView;
  /** The page; only the API is served where there is none. */
  readonly files: ConsoleFiles;
  /** Who may read; asked for each request of the API, and now and then while one lasts. */
  readonly authorize: AuthorizeToken;
  /** How often one that lasts is asked about anew, milliseconds; limits.ts says where not given. */
  readonly recheckMs?: number | undefined;
  /** PEM; plain HTTP where not given. */
  readonly tls?: ConsoleCertificate | undefined;
  /** Names, beside addresses and localhost, under which the console is reached. */
  readonly hostNames?: readonly string[];
  /** A request was refused: told at most once a second, with how many there were. */
  onRefused(message: string): void;
}

/** A certificate and its private key, PEM. */
export interface ConsoleCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface ConsoleServer extends AsyncDisposable {
  /** `http://host:port`, `https:` with a certificate. */
  readonly url: string;
  /** New connections get this certificate; does nothing over plain HTTP. */
  renew(certificate: ConsoleCertificate): void;
}

/**
 * Serves the console: its page to everyone who reaches the address, and what it shows to those who
 * may see it. Read-only. Rejects with WhorlError `listen` where the address cannot be had.
 */
export async function startConsole(options: ConsoleOptions): Promise<ConsoleServer> {
  const { host, port } = options;
  const closing = new AbortController();
  const refusals = new RefusalLog((message) => options.onRefused(message));
  const answering: Answering = { options, refusals, signal: closing.signal };
  const settings = { maxHeaderSize: headBytesMax, requestTimeout: headMsMax, keepAlive: true };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    void answer(answering, request, response);
  };
  const { tls } = options;
  const server: Server =
    tls === undefined
      ? nodeHttp.createServer(settings, listener)
      : createHttpsServer({ ...settings, ...tls }, listener);
  server.maxConnections = limits.consoleConnectionsMax;
  const bound = await listening(server, { host, port });
  const shown = host.includes(":") ? `[${host}]` : host;
  return {
    url: `${tls === undefined ? "http" : "https"}://${shown}:${bound}`,
    renew: ({ cert, key }) => {
      if (server instanceof HttpsServer) server.setSecureContext({ cert, key });
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      refusals[Symbol.dispose]();
      await stopListening(server);
    },
  };
}

const headBytesMax = 16 * 1024;
const headMsMax = 10_000;

interface Answering {
  readonly options: ConsoleOptions;
  readonly refusals: RefusalLog;
  readonly signal: AbortSignal;
}

async function answer(
  answering: Answering,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.on("error", () => undefined);
  try {
    await route(answering, request, response);
  } catch (error) {
    if (response.headersSent) return void response.destroy();
    const isUsage = error instanceof WhorlError && error.code === "usage";
    sendProblem(response, isUsage ? "usage" : "internal", errorText(error));
  }
}

async function route(
  { options, refusals, signal }: Answering,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = URL.parse(request.url ?? "", "http://console") ?? new URL("http://console");
  const foreign = foreignRequest(request.headers, options.hostNames ?? []);
  const isApi = url.pathname === "/api" || url.pathname.startsWith("/api/");
  const token = bearerToken(request.headers);
  const verdict = foreign ?? (isApi ? await options.authorize(token) : undefined);
  if (verdict !== undefined && verdict.kind !== "granted") {
    refusals.add(`${request.socket.remoteAddress ?? "somebody"}: ${verdict.reason}`);
    return sendProblem(response, verdict.kind, `refused: ${verdict.reason}`);
  }
  if (request.method !== "GET") {
    response.setHeader("allow", "GET");
    return sendProblem(response, "method", "the console only reads: GET");
  }
  if (isApi) {
    const own = verdict?.view;
    const isStillGranted = async (): Promise<boolean> => {
      const now = await options.authorize(token);
      return now.kind === "busy" || (now.kind === "granted" && now.view === own);
    };
    const { recheckMs = limits.consoleRecheckMs } = options;
    const rights = { isStillGranted, recheckMs };
    return await answerApi(own ?? options.view, { url, response, signal, rights });
  }
  const file = consoleFile(options.files, url.pathname);
  if (file !== undefined) {
    return sendConsoleFile(request, response, { path: url.pathname, file });
  }
  return sendProblem(response, "not_found", "there is no such file");
}

interface ApiRequest {
  readonly url: URL;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
  readonly rights: LastingRights;
}

/** Rights end while a connection lasts, and what may be seen changes. */
interface LastingRights {
  readonly isStillGranted: () => Promise<boolean>;
  readonly recheckMs: number;
}

async function answerApi(view: ConsoleView, request: ApiRequest): Promise<void> {
  const { url, response } = request;
  const query = url.searchParams;
  const [, , kind = "", id, ...more] = url.pathname.split("/");
  const path = id === undefined ? kind : more.length === 0 ? `${kind}/` : "";
  switch (path) {
    case "info":
      return sendJson(response, await view.info());
    case "apps":
      return sendJson(response, await view.apps(appQuery(query)));
    case "apps/":
      return sendFound(response, await view.app(decoded(id)));
    case "requests":
      return sendJson(response, await view.requests(requestQuery(query)));
    case "requests/":
      return sendFound(response, await view.request(decoded(id)));
    case "pods":
      return sendJson(response, await view.pods());
    case "events":
      return await follow(view, request);
    default:
      return sendProblem(response, "not_found", "there is no such path in the API");
  }
}

async function follow(view: ConsoleView, request: ApiRequest): Promise<void> {
  const { url, response, signal } = request;
  using feed = view.follow(eventQuery(url.searchParams));
  if (feed === undefined) {
    return sendProblem(response, "busy", `${limits.consoleFeedsMax} are following already`);
  }
  response.writeHead(200, {
    ...safeHeaders,
    "content-type": "text/event-stream",
    "cache-control": "no-store",
  });
  response.flushHeaders();
  using granted = whileGranted(request.rights);
  await sendEvents(response, feed, AbortSignal.any([signal, granted.signal]));
  response.end();
}

/** Aborts once access is not granted any more. */
function whileGranted({ isStillGranted, recheckMs }: LastingRights): Disposable & {
  readonly signal: AbortSignal;
} {
  const ended = new AbortController();
  const timer = setInterval(() => {
    isStillGranted().then(
      (isGranted) => isGranted || ended.abort(),
      () => ended.abort(),
    );
  }, recheckMs);
  timer.unref();
  return { signal: ended.signal, [Symbol.dispose]: () => clearInterval(timer) };
}

function decoded(segment = ""): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return "";
  }
}

const statuses: Readonly<Record<ConsoleProblem["code"], number>> = {
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method: 405,
  usage: 400,
  busy: 503,
  internal: 500,
};

function sendProblem(response: ServerResponse, code: ConsoleProblem["code"], text: string): void {
  if (code === "unauthorized") response.setHeader("www-authenticate", "Bearer");
  const problem: ConsoleProblem = { code, message: text };
  sendJson(response, problem, statuses[code]);
}

function sendFound(response: ServerResponse, value: object | undefined): void {
  if (value === undefined)
    sendProblem(response, "not_found", "there is none of this name, or no more");
  else sendJson(response, value);
}

function sendJson(response: ServerResponse, value: object, status = 200): void {
  response.writeHead(status, {
    ...safeHeaders,
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
  });
  response.end(JSON.stringify(value));
}

const refusalsToldEveryMs = 1_000;

/** Tells of refused requests, and is no way to fill a log: once a second, with a count. */
class RefusalLog implements Disposable {
  readonly #tell: (message: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #held = 0;

  constructor(tell: (message: string) => void) {
    this.#tell = tell;
  }

  add(what: string): void {
    if (this.#timer !== undefined) {
      this.#held++;
      return;
    }
    this.#tell(`the console refused a request of ${printableText(what)}`);
    this.#timer = setTimeout(() => this.#tellHeld(), refusalsToldEveryMs);
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#tellHeld();
  }

  #tellHeld(): void {
    this.#timer = undefined;
    if (this.#held > 0) this.#tell(`the console refused ${this.#held} more requests`);
    this.#held = 0;
  }
}

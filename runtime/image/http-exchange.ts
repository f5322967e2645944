import type { AgentOptions } from "node:https";
import type { Readable } from "node:stream";
import { limits } from "../limits.ts";
import { nodeHttp } from "../node-http.ts";
import { sendRequest } from "./send-request.ts";
import type { RequestWay } from "./send-request.ts";

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | Readable | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The head of an answer; its body has to be read or thrown away. */
export interface HttpAnswer {
  readonly status: number;
  /** The first value of each header, by its name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/** One request, one answer: no redirects, no repetition, nothing else. */
export interface HttpExchange extends AsyncDisposable {
  send(request: HttpRequest): Promise<HttpAnswer>;
}

export interface HttpExchangeOptions {
  /** Certificates of authorities to trust beside the known ones, PEM. */
  readonly caCertificates?: string | undefined;
  /** Do not ask who the server is. */
  readonly acceptAnyCertificate?: boolean | undefined;
  /** Time without any byte; for tests. */
  readonly idleMsMax?: number | undefined;
}

/** HTTP/1.1 with connections that are kept. */
export async function createHttpExchange(options: HttpExchangeOptions = {}): Promise<HttpExchange> {
  const { acceptAnyCertificate = false } = options;
  const kept = { keepAlive: true, maxSockets: limits.blobTransfersMax, timeout: keptMsMax };
  const times = {
    connectMsMax: limits.registryConnectMsMax,
    idleMsMax: options.idleMsMax ?? limits.registryIdleMsMax,
  };
  const plain = { agent: new nodeHttp.Agent(kept), open: nodeHttp.request, ...times };
  const tls = { ...kept, rejectUnauthorized: !acceptAnyCertificate, ...(await trusted(options)) };
  let secure: RequestWay | undefined;
  return {
    async send(request) {
      if (request.url.protocol === "http:") return sendRequest(request, plain);
      secure ??= secureWay(tls, times);
      return sendRequest(request, secure);
    },
    [Symbol.asyncDispose]() {
      plain.agent.destroy();
      secure?.agent.destroy();
      return Promise.resolve();
    },
  };
}

/** A connection that was longer without requests may be dead without anybody knowing. */
const keptMsMax = 4000;

/** TLS is loaded when it is spoken: it takes as long as a small image to push. */
function secureWay(
  options: AgentOptions,
  times: Pick<RequestWay, "connectMsMax" | "idleMsMax">,
): RequestWay {
  const { Agent, request } = process.getBuiltinModule("node:https");
  return { agent: new Agent(options), open: request, ...times };
}

/** Where everybody is trusted the known authorities need not be loaded, which takes its time. */
async function trusted({
  caCertificates,
  acceptAnyCertificate,
}: HttpExchangeOptions): Promise<{ ca?: string[] }> {
  if (acceptAnyCertificate === true) return { ca: [] };
  if (caCertificates === undefined) return {};
  const { getCACertificates } = await import("node:tls");
  return { ca: [...getCACertificates("default"), caCertificates] };
}

/** The beginning of a body, at most this many bytes; the rest is thrown away. */
export async function readStart(body: Readable, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    const piece = chunk as Buffer;
    chunks.push(piece.subarray(0, bytesMax - bytes));
    bytes += piece.length;
    if (bytes >= bytesMax) break;
  }
  return Buffer.concat(chunks);
}

/** Frees the connection of an answer whose body nobody wants. */
export async function discard({ body }: HttpAnswer): Promise<void> {
  await readStart(body, limits.registryAnswerBytesMax).catch(() => undefined);
}

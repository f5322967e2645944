import type { Readable } from "node:stream";
// Of undici what one request needs: all of it takes longer to load than a small image to push.
import request from "undici/lib/api/api-request.js";
import Agent from "undici/lib/dispatcher/agent.js";
import { limits } from "../limits.ts";

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
  const idleMsMax = options.idleMsMax ?? limits.registryIdleMsMax;
  const agent = new Agent({
    allowH2: false,
    connections: limits.blobTransfersMax,
    headersTimeout: idleMsMax,
    bodyTimeout: idleMsMax,
    connect: {
      timeout: limits.registryConnectMsMax,
      rejectUnauthorized: !acceptAnyCertificate,
      ...(await trusted(options)),
    },
  });
  return {
    async send({ method, url, headers, body, signal }) {
      const sent = request.call(agent, {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers,
        ...(body !== undefined && { body }),
        ...(signal !== undefined && { signal }),
      });
      const answer = await untilAborted(sent, signal);
      return { status: answer.statusCode, headers: firstValues(answer.headers), body: answer.body };
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

/** Undici looks at the signal of a request only once it has a connection. */
async function untilAborted<T>(sent: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return sent;
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason as Error);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([sent, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
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

function firstValues(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) values[name.toLowerCase()] = first;
  }
  return values;
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

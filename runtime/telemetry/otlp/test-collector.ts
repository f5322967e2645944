import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createSecureServer, type ServerOptions } from "node:https";
import type { IncomingHttpHeaders, RequestListener, ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";

/** What arrived in one export. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Decompressed. */
  readonly body: Buffer;
}

/** A receiver of OTLP over HTTP that does what a test wants. */
export interface TestCollector extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly Received[];
  /** Settles when so many exports have arrived. */
  until(count: number): Promise<void>;
}

/** `answer` decides over each export, by its number from 0 on; 200 without body by default. */
export async function startTestCollector(
  answer: (response: ServerResponse, index: number) => void = (response) => void response.end(),
  { host = "127.0.0.1", tls }: { readonly host?: string; readonly tls?: ServerOptions } = {},
): Promise<TestCollector> {
  const received: Received[] = [];
  let arrived = Promise.withResolvers<void>();
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const bytes = Buffer.concat(chunks);
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes;
      received.push({ path: request.url ?? "", headers: request.headers, body });
      arrived.resolve();
      arrived = Promise.withResolvers();
      answer(response, received.length - 1);
    });
  };
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  server.listen(0, host);
  await once(server, "listening");
  const address = server.address();
  const port = address === null || typeof address === "string" ? 0 : address.port;
  return {
    url: `${tls === undefined ? "http" : "https"}://${host}:${port}`,
    received,
    async until(count) {
      while (received.length < count) await arrived.promise;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

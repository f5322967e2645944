import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { sha256Digest } from "./digest.ts";
import type { Digest } from "./digest.ts";

/** A request as a test sees it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
}

/** Deals with a request, or leaves it to the next one by returning false. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A small registry in memory that does wrong what a test tells it to. */
export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly host: string;
  readonly seen: SeenRequest[];
  readonly blobs: Map<string, Buffer>;
  readonly manifests: Map<string, { readonly bytes: Buffer; readonly mediaType: string }>;
  /** Asked before the registry answers as it should. */
  behave(behaviour: Behaviour): void;
  /** Told of each request that is no HTTP, such as the beginning of TLS. */
  onBrokenRequest(told: () => void): void;
  /** Puts bytes where they can be fetched. */
  addBlob(bytes: Uint8Array): { digest: Digest; size: number };
  /** Puts a manifest at a tag and at its digest. */
  addManifest(tag: string, manifest: object): Digest;
}

/** Starts it on a free port of 127.0.0.1, without TLS. */
export async function startTestRegistry(): Promise<TestRegistry> {
  const seen: SeenRequest[] = [];
  const behaviours: Behaviour[] = [];
  const blobs: TestRegistry["blobs"] = new Map();
  const manifests: TestRegistry["manifests"] = new Map();
  const server = createServer((request, response) => {
    const { method = "", url: path = "", headers } = request;
    seen.push({ method, path, headers });
    if (behaviours.some((behaviour) => behaviour(request, response))) return;
    answer({ blobs, manifests }, request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    host: `127.0.0.1:${address.port}`,
    seen,
    blobs,
    manifests,
    behave: (behaviour) => void behaviours.push(behaviour),
    onBrokenRequest: (told) =>
      void server.on("clientError", (_error, socket) => {
        told();
        socket.destroy();
      }),
    addBlob(bytes) {
      const digest = sha256Digest(bytes);
      blobs.set(digest, Buffer.from(bytes));
      return { digest, size: bytes.length };
    },
    addManifest(tag, manifest) {
      const bytes = Buffer.from(JSON.stringify(manifest));
      const digest = sha256Digest(bytes);
      const { mediaType } = manifest as { readonly mediaType?: string };
      const stored = { bytes, mediaType: mediaType ?? "application/json" };
      manifests.set(tag, stored).set(digest, stored);
      return digest;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

type Contents = Pick<TestRegistry, "blobs" | "manifests">;

function answer(
  { blobs, manifests }: Contents,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const [, kind, key = ""] = /\/(blobs|manifests)\/([^/?]+)$/.exec(request.url ?? "") ?? [];
  const manifest = manifests.get(key);
  if (kind === "manifests" && manifest !== undefined) {
    send(response, manifest.bytes, {
      "content-type": manifest.mediaType,
      "docker-content-digest": sha256Digest(manifest.bytes),
    });
    return;
  }
  const blob = blobs.get(key);
  if (kind !== "blobs" || blob === undefined) {
    response.writeHead(request.url === "/v2/" ? 200 : 404).end();
    return;
  }
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? "") ?? [];
  if (from === undefined) {
    send(response, blob, {});
    return;
  }
  const range = `bytes ${from}-${blob.length - 1}/${blob.length}`;
  response.writeHead(206, { "content-range": range }).end(blob.subarray(Number(from)));
}

function send(response: ServerResponse, bytes: Buffer, headers: Record<string, string>): void {
  response.writeHead(200, { "content-length": bytes.length, ...headers }).end(bytes);
}

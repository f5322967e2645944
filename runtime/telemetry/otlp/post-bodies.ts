import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";

/** Where bodies are posted to, and how. */
export interface PostTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly isGzipped: boolean;
  /** For the whole of it, from connecting to the end of the answer. */
  readonly timeoutMs: number;
  readonly tls: { readonly ca?: Buffer; readonly key?: Buffer; readonly cert?: Buffer };
  /** What an answer has beyond it is not read. */
  readonly answerBytesMax: number;
}

/** To the thread; `line` is a number for each target, which has a connection of its own. */
export type PostOrder =
  | {
      readonly kind: "post";
      readonly id: number;
      readonly line: number;
      readonly target: PostTarget;
      readonly body: Uint8Array;
    }
  | { readonly kind: "cancel"; readonly id: number };

/** From the thread, once for each that was posted. */
export type PostOutcome = {
  readonly id: number;
  /** What the thread computed for it. */
  readonly cpuMs: number;
} & (
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly contentType: string | undefined;
      readonly retryAfter: string | undefined;
      readonly body: Uint8Array;
    }
  | { readonly kind: "error"; readonly message: string }
);

type Post = Extract<PostOrder, { readonly kind: "post" }>;

interface Lines {
  /** Rejects where nothing is answered. */
  ask(post: Post): Promise<IncomingMessage>;
  cancel(id: number): void;
  /** It has ended. */
  forget(id: number): void;
}

/**
 * The thread of a PostingThread (posting-thread.ts). It runs as text, as do the parts that it is
 * given: none of them uses anything outside of itself.
 */
export function postBodies({ lines, beginning }: typeof postParts): void {
  const { parentPort } = process.getBuiltinModule("node:worker_threads");
  const { gzipSync } = process.getBuiltinModule("node:zlib");
  const { ask, cancel, forget } = lines();

  async function outcomeOf(order: Post): Promise<PostOutcome> {
    const { id, target, body } = order;
    const before = process.threadCpuUsage();
    const cpuMs = (): number => {
      const { user, system } = process.threadCpuUsage(before);
      return (user + system) / 1_000;
    };
    try {
      const answer = await ask({ ...order, body: target.isGzipped ? gzipSync(body) : body });
      const { statusCode: status = 0, headers } = answer;
      const [contentType, retryAfter] = [headers["content-type"], headers["retry-after"]];
      const read = await beginning(answer, target.answerBytesMax);
      return { kind: "answer", id, status, contentType, retryAfter, body: read, cpuMs: cpuMs() };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { kind: "error", id, message, cpuMs: cpuMs() };
    } finally {
      forget(id);
    }
  }

  parentPort?.on("message", (order: PostOrder) => {
    if (order.kind === "cancel") cancel(order.id);
    else void outcomeOf(order).then((outcome) => parentPort.postMessage(outcome));
  });
}

/** What {@link postBodies} is made of. */
export const postParts = { lines: httpLines, beginning: beginningOf };

function httpLines(): Lines {
  const http = process.getBuiltinModule("node:http");
  const https = process.getBuiltinModule("node:https");
  const agents = new Map<number, RequestOptions["agent"]>();
  const requests = new Map<number, ClientRequest | IncomingMessage>();

  function agentOf({ line, target }: Post): RequestOptions["agent"] {
    const lasting = { keepAlive: true, maxSockets: 1 };
    let agent = agents.get(line);
    if (agent === undefined) {
      const isSecret = target.url.startsWith("https:");
      agent = isSecret ? new https.Agent({ ...lasting, ...target.tls }) : new http.Agent(lasting);
      agents.set(line, agent);
    }
    return agent;
  }

  function ask(post: Post): Promise<IncomingMessage> {
    const { id, body, target } = post;
    const { url, timeoutMs } = target;
    const headers = { ...target.headers, "content-length": String(body.length) };
    return new Promise((resolve, reject) => {
      const { request } = url.startsWith("https:") ? https : http;
      const asked = request(url, { method: "POST", agent: agentOf(post), headers });
      const tooLate = setTimeout(() => {
        requests.get(id)?.destroy(new Error(`no answer within ${timeoutMs} ms`));
      }, timeoutMs);
      asked.on("response", (answer) => {
        // From here on whoever reads the answer is to learn why it ends.
        requests.set(id, answer);
        resolve(answer);
      });
      requests.set(id, asked);
      asked.on("error", reject).on("close", () => clearTimeout(tooLate));
      asked.end(body);
    });
  }

  return {
    ask,
    cancel: (id) => requests.get(id)?.destroy(new Error("given up")),
    forget: (id) => requests.delete(id),
  };
}

async function beginningOf(answer: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > bytesMax) break;
  }
  return new Uint8Array(Buffer.concat(chunks));
}

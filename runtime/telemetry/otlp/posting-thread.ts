import { Worker } from "node:worker_threads";
import {
  postBodies,
  postParts,
  type PostOrder,
  type PostOutcome,
  type PostTarget,
} from "./post-bodies.ts";

/**
 * Posts what is exported from a thread of its own. Not for its time, which is little: a client of
 * HTTP in the thread that answers requests shows V8 other objects in the functions that both share,
 * so that it gives up some eighty of them that it had compiled (`node --trace-deopt`).
 */
export class PostingThread implements AsyncDisposable {
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, (outcome: PostOutcome) => void>();
  #posted = 0;
  #lines = 0;

  /** A connection to one target. */
  line(target: PostTarget): PostLine {
    const line = this.#lines++;
    return { post: (body, signal) => this.#post(line, target, { body, signal }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate();
  }

  #post(
    line: number,
    target: PostTarget,
    { body, signal }: { readonly body: Uint8Array; readonly signal: AbortSignal },
  ): Promise<PostOutcome> {
    const id = this.#posted++;
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve) => {
      const cancel = (): void => worker.postMessage({ kind: "cancel", id } satisfies PostOrder);
      this.#waiting.set(id, (outcome) => {
        signal.removeEventListener("abort", cancel);
        resolve(outcome);
      });
      // A copy: the bytes may be a part of memory that is used for more.
      const own = new Uint8Array(body);
      const order: PostOrder = { kind: "post", id, line, target, body: own };
      worker.postMessage(order, [own.buffer]);
      if (signal.aborted) cancel();
      else signal.addEventListener("abort", cancel, { once: true });
    });
  }

  #start(): Worker {
    // As text: wherever this file ends up, bundled or not, no other one has to be found.
    const parts = Object.entries(postParts).map(([name, part]) => `${name}: ${part.toString()}`);
    const worker = new Worker(`(${postBodies.toString()})({ ${parts.join()} })`, {
      eval: true,
      name: "telemetry",
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 },
    });
    // Whoever waits for what is under way keeps the process.
    worker.unref();
    worker.on("message", (outcome: PostOutcome) => this.#end(outcome));
    worker.on("error", ({ message }) => this.#failed(worker, message));
    worker.on("exit", () => this.#failed(worker, "given up"));
    return worker;
  }

  #end(outcome: PostOutcome): void {
    this.#waiting.get(outcome.id)?.(outcome);
    this.#waiting.delete(outcome.id);
  }

  /** The next one starts it anew. */
  #failed(worker: Worker, message: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const id of this.#waiting.keys()) this.#end({ kind: "error", id, message, cpuMs: 0 });
  }
}

/** Posts to one target. Never rejects. */
export interface PostLine {
  post(body: Uint8Array, signal: AbortSignal): Promise<PostOutcome>;
}

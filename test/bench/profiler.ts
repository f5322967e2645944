/** One function, or what V8 shows like one, and how often it was seen at work. */
export interface ProfiledFunction {
  /** `(idle)`, `(program)` and the like for what is no function. */
  readonly name: string;
  /** `node:net`, `file:///…`; empty for what is built in. */
  readonly url: string;
  readonly samples: number;
}

interface ProfileNode {
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly hitCount: number;
}

interface Reply {
  readonly id?: number;
  readonly result?: { readonly profile?: { readonly nodes: readonly ProfileNode[] } };
  readonly error?: { readonly message: string };
}

const intervalUs = 500;

/** V8's profiler in a process that was started with `--inspect`; of its main thread. */
export class Profiler implements Disposable {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<Reply>>();
  #next = 1;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const reply = JSON.parse(String(data)) as Reply;
      if (reply.id === undefined) return;
      this.#waiting.get(reply.id)?.resolve(reply);
      this.#waiting.delete(reply.id);
    });
  }

  static async connect(port: number): Promise<Profiler> {
    const listed = await fetch(`http://127.0.0.1:${port}/json/list`);
    const [target] = (await listed.json()) as { readonly webSocketDebuggerUrl: string }[];
    if (target === undefined) throw new Error(`nothing can be profiled at port ${port}`);
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error(`no profiler at port ${port}`)));
    await promise;
    return new Profiler(socket);
  }

  async start(): Promise<void> {
    await this.#call("Profiler.enable");
    await this.#call("Profiler.setSamplingInterval", { interval: intervalUs });
    await this.#call("Profiler.start");
  }

  /** What was at work since the start. */
  async stop(): Promise<ProfiledFunction[]> {
    const { result } = await this.#call("Profiler.stop");
    return (result?.profile?.nodes ?? []).map(({ callFrame, hitCount }) => {
      return { name: callFrame.functionName, url: callFrame.url, samples: hitCount };
    });
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  async #call(method: string, params: object = {}): Promise<Reply> {
    const id = this.#next++;
    const waiting = Promise.withResolvers<Reply>();
    this.#waiting.set(id, waiting);
    this.#socket.send(JSON.stringify({ id, method, params }));
    const reply = await waiting.promise;
    if (reply.error !== undefined) throw new Error(`${method}: ${reply.error.message}`);
    return reply;
  }
}

import { Agent, request } from "undici";

/** What became of the requests of a {@link Load}. */
export interface LoadResult {
  readonly answered: number;
  /** The first few of what went wrong. */
  readonly failures: readonly string[];
}

const failuresKept = 5;

/** Requests one after the other on several connections, each on a new one, until it is stopped. */
export class Load {
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;
  #answered = 0;
  readonly #failures: string[] = [];

  constructor(url: string, clients = 4) {
    // Each connection is a choice of the Service, as it is for other clients.
    const dispatcher = new Agent({ pipelining: 0, connections: clients });
    this.#running = this.#run(url, dispatcher, clients);
  }

  /** Ends it. What was on its way is waited for. */
  async stop(): Promise<LoadResult> {
    this.#stop.abort();
    await this.#running;
    return { answered: this.#answered, failures: this.#failures };
  }

  async #run(url: string, dispatcher: Agent, clients: number): Promise<void> {
    const askAgain = async (): Promise<void> => {
      while (!this.#stop.signal.aborted) await this.#ask(url, dispatcher);
    };
    await Promise.all(Array.from({ length: clients }, askAgain));
    await dispatcher.close();
  }

  async #ask(url: string, dispatcher: Agent): Promise<void> {
    try {
      const headers = { connection: "close" };
      const { statusCode, body } = await request(url, { dispatcher, headers });
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`${statusCode} ${text}`);
      this.#answered += 1;
    } catch (error) {
      if (this.#failures.length < failuresKept) this.#failures.push(String(error));
    }
  }
}

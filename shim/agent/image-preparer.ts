import { errorText, ShimError } from "../error.ts";
import { frontService, type PrepareAnswer, type PrepareRequest } from "../front/front-service.ts";
import { shimLimits } from "../limits.ts";
import { TtrpcClient } from "../ttrpc/client.ts";
import type { AgentMetrics } from "./agent-metrics.ts";
import { ContainerdApi, type NamedImage } from "./containerd-api.ts";
import { pause } from "./pause.ts";

export interface ImagePreparerOptions {
  /** Paths of containerd's socket: as the node has it, and as this process finds it. */
  readonly containerd: () => { readonly onNode: string; readonly here: string };
  /** Where this process finds the front's socket. */
  readonly front: string;
  /** Whether a front of this version serves; nothing is done before. */
  readonly isReady: () => boolean;
  readonly metrics: AgentMetrics;
  readonly log: (message: string) => void;
}

/**
 * Lets the front prepare images as they arrive on the node, so that the first pod finds them
 * prepared: one after the other, as nobody waits for them.
 */
export class ImagePreparer {
  readonly #options: ImagePreparerOptions;
  /** Digests that need not be asked about again. */
  readonly #known = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ImagePreparerOptions) {
    this.#options = options;
  }

  /** Settles when `signal` aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let said: string | undefined;
    while (!signal.aborted) {
      try {
        if (this.#options.isReady()) await this.#follow(signal);
      } catch (error) {
        const text = `images are not prepared now: ${errorText(error)}`;
        if (!signal.aborted && text !== said) this.#options.log(text);
        said = text;
      }
      await pause(shimLimits.agent.retryMs.first, signal);
    }
  }

  /** Does something while no image is prepared: a front that is busy cannot be replaced. */
  whileIdle<Value>(action: () => Promise<Value>): Promise<Value> {
    const done = this.#turn.then(action);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Images that are there, then those that come. Throws ShimError when containerd ends. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { here, onNode } = this.#options.containerd();
    using api = new ContainerdApi(here);
    const stop = new AbortController();
    const until = AbortSignal.any([signal, stop.signal]);
    // Subscribed to before the list is read, so that none falls in between.
    const events = api.imageEvents(until);
    const first = events.next();
    try {
      await this.#prepareAll(await api.images(), onNode, signal);
      for (let next = await first; next.done !== true; next = await events.next()) {
        await this.#prepareAll(await api.images(next.value), onNode, signal);
      }
    } finally {
      stop.abort();
      // Whatever it comes to, it is over.
      await first.catch(() => undefined);
    }
  }

  async #prepareAll(
    images: readonly NamedImage[],
    address: string,
    signal: AbortSignal,
  ): Promise<void> {
    for (const image of images) {
      signal.throwIfAborted();
      if (this.#known.has(image.digest)) continue;
      const result = await this.whileIdle(() => this.#prepare(image, address));
      if (result === "packed") void this.#prepareUnpacked(image, address, signal);
      if (this.#known.size >= shimLimits.agent.knownImagesMax) this.#known.clear();
      this.#known.add(image.digest);
    }
  }

  /** containerd may say that it has an image before it has unpacked it, which it may never do. */
  async #prepareUnpacked(image: NamedImage, address: string, signal: AbortSignal): Promise<void> {
    const { unpackedTriesMax, unpackedPollMs } = shimLimits.agent;
    const { log, metrics } = this.#options;
    try {
      for (let tries = 0; tries < unpackedTriesMax; tries += 1) {
        await pause(unpackedPollMs, signal);
        if (signal.aborted) return;
        const result = await this.whileIdle(() => this.#prepare(image, address));
        if (result !== "packed") return;
      }
      metrics.images.inc({ result: "other" });
    } catch (error) {
      if (!signal.aborted) log(`image ${image.name} is not prepared: ${errorText(error)}`);
    }
  }

  async #prepare(image: NamedImage, address: string): Promise<PrepareAnswer["result"]> {
    const { front, metrics, log } = this.#options;
    using client = await TtrpcClient.connect(front);
    const request: PrepareRequest = { address, namespace: "k8s.io", image };
    const call = { service: frontService.name, method: frontService.prepare };
    const payload = Buffer.from(JSON.stringify(request));
    const answered = Promise.withResolvers<never>();
    const { prepareMsMax } = shimLimits;
    const timer = setTimeout(() => {
      const text = `the front does not answer for ${image.name}`;
      answered.reject(new ShimError("deadline_exceeded", text));
    }, prepareMsMax * 2);
    try {
      const bytes = await Promise.race([client.call({ ...call, payload }), answered.promise]);
      const answer = JSON.parse(Buffer.from(bytes).toString()) as PrepareAnswer;
      if (answer.result !== "packed") metrics.images.inc({ result: answer.result });
      if (answer.result === "prepared") log(`image ${image.name} is prepared`);
      if (answer.result === "broken") log(answer.reason);
      return answer.result;
    } finally {
      clearTimeout(timer);
    }
  }
}

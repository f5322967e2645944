import { setTimeout as delay } from "node:timers/promises";
import { whorl } from "../../proto/gen/wire.js";
import { errorText } from "../error.ts";
import { shimLimits } from "../limits.ts";
import { TtrpcClient } from "../ttrpc/client.ts";

/** A task event as containerd takes it. */
export interface TaskEvent {
  readonly namespace: string;
  /** `/tasks/start` and the like. */
  readonly topic: string;
  /** Name of the message, without prefix. */
  readonly type: string;
  readonly value: Uint8Array;
}

interface Envelope extends TaskEvent {
  readonly atMs: number;
}

/** Events that containerd has not taken, for another front; their values in base64. */
export interface PublisherState {
  readonly address: string;
  readonly events: readonly (Omit<Envelope, "value"> & { readonly value: string })[];
}

/**
 * Delivers events to one containerd in the order they were published. While containerd is away they
 * wait and are delivered once it is back; delivery is tried again with growing pauses.
 */
export class EventPublisher implements AsyncDisposable {
  readonly #address: string;
  readonly #warn: (message: string) => void;
  readonly #stop = new AbortController();
  readonly #queue: Envelope[] = [];
  #client: TtrpcClient | undefined;
  #delivery: Promise<void> | undefined;

  constructor(address: string, warn: (message: string) => void) {
    this.#address = address;
    this.#warn = warn;
  }

  /** Goes on with what {@link handOver} gave. */
  static adopt(
    { address, events }: PublisherState,
    warn: (message: string) => void,
  ): EventPublisher {
    const publisher = new EventPublisher(address, warn);
    for (const { value, atMs, ...event } of events) {
      publisher.publish({ ...event, value: Buffer.from(value, "base64") }, atMs);
    }
    return publisher;
  }

  /**
   * What still has to be delivered. An event whose answer is on its way is delivered a second time
   * by who goes on, which changes nothing for containerd.
   */
  handOver(): PublisherState {
    const events = this.#queue.map((event) => {
      return { ...event, value: Buffer.from(event.value).toString("base64") };
    });
    return { address: this.#address, events };
  }

  /** Returns at once. Above the limit the oldest waiting event is dropped, with a warning. */
  publish(event: TaskEvent, atMs: number): void {
    if (this.#address === "" || this.#stop.signal.aborted) return;
    if (this.#queue.length >= shimLimits.waitingEventsMax) {
      this.#queue.shift();
      this.#warn(`containerd does not take events at ${this.#address}: the oldest was dropped`);
    }
    this.#queue.push({ ...event, atMs });
    this.#delivery ??= this.#deliver().finally(() => (this.#delivery = undefined));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#client?.[Symbol.dispose]();
    await this.#delivery;
  }

  async #deliver(): Promise<void> {
    let pauseMs: number = shimLimits.eventRetryMs.first;
    while (!this.#stop.signal.aborted) {
      const [event] = this.#queue;
      if (event === undefined) return;
      try {
        await this.#forward(event);
        // Unless it was dropped meanwhile.
        if (this.#queue[0] === event) this.#queue.shift();
        pauseMs = shimLimits.eventRetryMs.first;
      } catch (error) {
        if (pauseMs === shimLimits.eventRetryMs.first) {
          this.#warn(`event ${event.topic} waits for containerd: ${errorText(error)}`);
        }
        this.#client?.[Symbol.dispose]();
        this.#client = undefined;
        const { signal } = this.#stop;
        await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
        pauseMs = Math.min(pauseMs * 2, shimLimits.eventRetryMs.longest);
      }
    }
  }

  async #forward({ namespace, topic, type, value, atMs }: Envelope): Promise<void> {
    if (this.#client === undefined || this.#client.closed.aborted) {
      this.#client = await TtrpcClient.connect(this.#address);
    }
    const event = { typeUrl: type, value };
    const envelope = { timestamp: toTimestamp(atMs), namespace, topic, event };
    await this.#client.call({
      service: "containerd.services.events.ttrpc.v1.Events",
      method: "Forward",
      payload: whorl.events.ForwardRequest.encode({ envelope }).finish(),
      metadata: [{ key: "containerd-namespace-ttrpc", value: namespace }],
      timeoutNano: shimLimits.callMsMax * 1e6,
    });
  }
}

/** Milliseconds since 1970 as the protocol writes them. */
export function toTimestamp(atMs: number): { seconds: number; nanos: number } {
  const seconds = Math.floor(atMs / 1000);
  return { seconds, nanos: Math.round((atMs - seconds * 1000) * 1e6) };
}

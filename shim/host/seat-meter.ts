import { noTelemetry } from "../../runtime/telemetry/no-telemetry.ts";
import type {
  ComponentUsage,
  HandlerTelemetry,
  HostCallSpan,
  Invocation,
  OutboundCall,
  Telemetry,
} from "../../runtime/telemetry/telemetry.ts";

/**
 * Counts for one container how long its guests are at work and what memory they have. Tells nobody
 * else, and keeps nothing of a request after its end.
 */
export class SeatMeter implements Telemetry {
  readonly isOn = false;
  readonly isTracing = false;
  readonly #sources = new Set<() => Iterable<ComponentUsage>>();
  /** Ends minus beginnings, of `performance.now()`. */
  #sumMs = 0;
  #active = 0;

  /** Milliseconds up to now; those that are at work at the same time count each. */
  busyMs(nowMs: number): number {
    return this.#sumMs + this.#active * nowMs;
  }

  /** Of all its guests. */
  memoryBytes(): number {
    let bytes = 0;
    for (const source of this.#sources) {
      for (const usage of source()) bytes += usage.memoryBytes ?? 0;
    }
    return bytes;
  }

  handler(): HandlerTelemetry {
    return {
      begin: () => new MeteredInvocation(this),
      beginEvent: () => new MeteredInvocation(this),
      backlog: nothing,
      eventDropped: nothing,
    };
  }

  lines: Telemetry["lines"] = noTelemetry.lines;

  observe(source: () => Iterable<ComponentUsage>): Disposable {
    this.#sources.add(source);
    return { [Symbol.dispose]: () => void this.#sources.delete(source) };
  }

  forget(): void {}

  /** A guest has begun, or is done: 1 or -1. */
  count(difference: 1 | -1): void {
    this.#active += difference;
    this.#sumMs -= difference * performance.now();
  }
}

/** From the moment at which it has an instance to its end. */
class MeteredInvocation implements Invocation {
  readonly isOn = false;
  readonly traceId = undefined;
  readonly guest = undefined;
  readonly #meter: SeatMeter;
  #state: "waiting" | "busy" | "ended" = "waiting";

  constructor(meter: SeatMeter) {
    this.#meter = meter;
  }

  instanceTaken(): void {
    if (this.#state !== "waiting") return;
    this.#state = "busy";
    this.#meter.count(1);
  }

  end(): void {
    if (this.#state === "busy") this.#meter.count(-1);
    this.#state = "ended";
  }

  line(): boolean {
    return true;
  }

  outbound(): OutboundCall {
    return noCall;
  }

  hostCall(): HostCallSpan {
    return noSpan;
  }

  instanceWanted(): void {}
  responded(): void {}
  resetStarted(): void {}
  resetEnded(): void {}
  failed(): void {}
  limitHit(): void {}
}

const noSpan: HostCallSpan = { end: nothing };
const noCall: OutboundCall = { headers: (lines) => lines, end: nothing };

function nothing(): void {}

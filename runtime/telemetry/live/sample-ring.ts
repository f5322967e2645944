/** What is noted of one second. */
export interface Sample {
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
  readonly coldStartsPerSecond: number;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly cpuShare: number | undefined;
}

/** A sample with its time, in milliseconds since 1970. */
export interface TimedSample extends Sample {
  readonly atMs: number;
}

const fields = 8;
/** What is not known; also in place of 0 in a share. */
const unknown = Number.NaN;

/** The newest samples of one app, a few bytes each: there may be a thousand apps. */
export class SampleRing {
  readonly #values: Float32Array;
  readonly #ticks: Float64Array;
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
    this.#values = new Float32Array(size * fields);
    this.#ticks = new Float64Array(size).fill(-1);
  }

  /** `tick` counts samples: one more with each; `seconds` is what this one covers. */
  set(tick: number, sample: Sample, seconds: number): void {
    const at = (tick % this.#size) * fields;
    this.#ticks[tick % this.#size] = tick;
    this.#values[at] = sample.requestsPerSecond;
    this.#values[at + 1] = sample.errorsPerSecond;
    this.#values[at + 2] = sample.coldStartsPerSecond;
    this.#values[at + 3] = sample.p50Ms ?? unknown;
    this.#values[at + 4] = sample.p99Ms ?? unknown;
    this.#values[at + 5] = sample.memoryBytes ?? unknown;
    this.#values[at + 6] = sample.cpuShare ?? unknown;
    this.#values[at + 7] = seconds;
  }

  /** Undefined where there was none: nothing happened. */
  get(tick: number): Sample | undefined {
    if (tick < 0 || this.#ticks[tick % this.#size] !== tick) return undefined;
    const at = (tick % this.#size) * fields;
    return {
      requestsPerSecond: this.#values[at] ?? 0,
      errorsPerSecond: this.#values[at + 1] ?? 0,
      coldStartsPerSecond: this.#values[at + 2] ?? 0,
      p50Ms: this.#known(at + 3),
      p99Ms: this.#known(at + 4),
      memoryBytes: this.#known(at + 5),
      cpuShare: this.#known(at + 6),
    };
  }

  /** Requests per second; 0 where there is no sample. */
  rate(tick: number): number {
    const slot = tick % this.#size;
    return this.#ticks[slot] === tick ? (this.#values[slot * fields] ?? 0) : 0;
  }

  /** Requests and errors of so many samples up to this one. */
  sum(tick: number, samples: number): { readonly requests: number; readonly errors: number } {
    let requests = 0;
    let errors = 0;
    for (let each = Math.max(0, tick - samples + 1); each <= tick; each++) {
      const slot = each % this.#size;
      if (this.#ticks[slot] !== each) continue;
      const at = slot * fields;
      const seconds = this.#values[at + 7] ?? 0;
      requests += (this.#values[at] ?? 0) * seconds;
      errors += (this.#values[at + 1] ?? 0) * seconds;
    }
    return { requests, errors };
  }

  #known(at: number): number | undefined {
    const value = this.#values[at] ?? unknown;
    return Number.isNaN(value) ? undefined : value;
  }
}

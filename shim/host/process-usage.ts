import type { SeatMeter } from "./seat-meter.ts";

/** What one container has used. */
export interface SeatUsage {
  /** Processor time since it began. */
  readonly cpuMicros: number;
  readonly memoryBytes: number;
}

/** What the system says of the whole process. */
export interface ProcessFigures {
  cpuMicros(): number;
  residentBytes(): number;
  nowMs(): number;
}

interface Account {
  cpuMicros: number;
  countedMs: number;
}

/**
 * Shares out what a process has used to its containers: processor time by how long the guests of
 * each were at work, memory by what their guests have; what belongs to none equally. So the sum is
 * that of the process.
 */
export class ProcessUsage {
  readonly #figures: ProcessFigures;
  readonly #accounts = new Map<SeatMeter, Account>();
  #countedMicros: number;

  constructor(figures: ProcessFigures) {
    this.#figures = figures;
    this.#countedMicros = figures.cpuMicros();
  }

  open(meter: SeatMeter): void {
    this.#settle();
    this.#accounts.set(meter, { cpuMicros: 0, countedMs: meter.busyMs(this.#figures.nowMs()) });
  }

  close(meter: SeatMeter): void {
    this.#settle();
    this.#accounts.delete(meter);
  }

  of(meter: SeatMeter): SeatUsage {
    this.#settle();
    const guests = [...this.#accounts.keys()].reduce((sum, each) => sum + each.memoryBytes(), 0);
    const rest = Math.max(0, this.#figures.residentBytes() - guests);
    return {
      cpuMicros: Math.round(this.#accounts.get(meter)?.cpuMicros ?? 0),
      memoryBytes: Math.round(meter.memoryBytes() + rest / Math.max(1, this.#accounts.size)),
    };
  }

  #settle(): void {
    const used = this.#figures.cpuMicros();
    const nowMs = this.#figures.nowMs();
    const difference = used - this.#countedMicros;
    this.#countedMicros = used;
    const busy = [...this.#accounts].map(([meter, account]) => {
      const ms = meter.busyMs(nowMs);
      const newMs = Math.max(0, ms - account.countedMs);
      account.countedMs = ms;
      return { account, newMs };
    });
    const total = busy.reduce((sum, { newMs }) => sum + newMs, 0);
    for (const { account, newMs } of busy) {
      account.cpuMicros += difference * (total > 0 ? newMs / total : 1 / busy.length);
    }
  }
}

/** Of this process. */
export const ownFigures: ProcessFigures = {
  cpuMicros: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  residentBytes: () => process.memoryUsage.rss(),
  nowMs: () => performance.now(),
};

import { durationRow } from "../charts/log-scale.ts";
import type { RequestEntry } from "../../runtime/telemetry/admin/console-api.ts";

/** What of a request is worth a colour; the gravest. */
export type Tone = "plain" | "cold" | "failed";

const tones: readonly Tone[] = ["plain", "cold", "failed"];

export interface FieldShape {
  /** Time that one column stands for. */
  readonly columnMs: number;
  readonly columns: number;
  /** Durations from the shortest to the longest, in logarithmic steps. */
  readonly rows: number;
}

/** A cell in which there were requests. */
export interface FieldCell {
  /** 0 the oldest. */
  readonly column: number;
  /** 0 the shortest. */
  readonly row: number;
  readonly tone: Tone;
  readonly count: number;
}

/**
 * How many requests took how long, in the last while: a grid of counts over time and duration. Cost
 * and size do not depend on how many requests there are.
 */
export class LatencyField {
  readonly shape: FieldShape;
  readonly #counts: Uint32Array;
  /** Number of the newest column, counted from 1970. */
  #newest = 0;

  constructor(shape: FieldShape) {
    this.shape = shape;
    this.#counts = new Uint32Array(shape.columns * shape.rows * tones.length);
  }

  add(entry: RequestEntry): void {
    const { columnMs, columns, rows } = this.shape;
    const column = Math.floor((entry.atMs + entry.durationMs) / columnMs);
    if (column > this.#newest) this.#advance(column);
    if (column <= this.#newest - columns) return;
    const row = durationRow(entry.durationMs, rows);
    const index = this.#index(column, row) + tones.indexOf(toneOf(entry));
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  /** Moves on to a moment, also without requests. */
  advanceTo(nowMs: number): void {
    const column = Math.floor(nowMs / this.shape.columnMs);
    if (column > this.#newest) this.#advance(column);
  }

  *cells(): Generator<FieldCell> {
    const { columns, rows } = this.shape;
    for (let column = 0; column < columns; column++) {
      const number = this.#newest - columns + 1 + column;
      for (let row = 0; row < rows; row++) {
        const base = this.#index(number, row);
        for (const [at, tone] of tones.entries()) {
          const count = this.#counts[base + at] ?? 0;
          if (count > 0) yield { column, row, tone, count };
        }
      }
    }
  }

  clear(): void {
    this.#counts.fill(0);
  }

  #advance(column: number): void {
    const { columns, rows } = this.shape;
    const from = Math.max(this.#newest + 1, column - columns + 1);
    for (let each = from; each <= column; each++) {
      const base = this.#index(each, 0);
      this.#counts.fill(0, base, base + rows * tones.length);
    }
    this.#newest = column;
  }

  /** Columns go round: the oldest becomes the newest. */
  #index(column: number, row: number): number {
    const { columns, rows } = this.shape;
    const place = ((column % columns) + columns) % columns;
    return (place * rows + row) * tones.length;
  }
}

/** Failure before cold start before nothing. */
export function toneOf({ status, error, isCold }: RequestEntry): Tone {
  if (error !== undefined || status >= 500) return "failed";
  return isCold ? "cold" : "plain";
}

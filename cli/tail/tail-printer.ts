import { limits } from "../../runtime/limits.ts";
import type { FollowedLine } from "../../runtime/telemetry/admin/admin-client.ts";
import type { TextSink } from "../io.ts";
import { type LinePlace, requestJson, requestLine } from "./request-line.ts";

export interface TailPrinterOptions {
  readonly format: "text" | "json";
  /** Whether lines say which app they are of. */
  readonly namesApps: boolean;
  /** Done after so many. */
  readonly countMax: number;
  /** Once. */
  onDone(): void;
}

/** Writes requests as they come; what nobody reads is counted, not kept. */
export class TailPrinter {
  readonly #sink: TextSink;
  readonly #options: TailPrinterOptions;
  #shown = 0;
  #lost = 0;

  constructor(sink: TextSink, options: TailPrinterOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  print(line: FollowedLine, place?: LinePlace): void {
    const { countMax, onDone } = this.#options;
    if (this.#shown >= countMax) return;
    if (this.#sink.waitingBytes > limits.outputWaitingBytesMax) {
      this.#lost += "lost" in line ? line.lost : 1;
      return;
    }
    if (this.#lost > 0) this.#write({ lost: this.#lost }, undefined);
    this.#lost = 0;
    this.#write(line, place);
    this.#shown++;
    if (this.#shown === countMax) onDone();
  }

  #write(line: FollowedLine, place: LinePlace | undefined): void {
    const { format, namesApps } = this.#options;
    const { hasColors } = this.#sink;
    const style = { hasColors, namesApps, ...(place && { place }) };
    const text = format === "json" ? requestJson(line, place) : requestLine(line, style);
    this.#sink.write(`${text}\n`);
  }
}

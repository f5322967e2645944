import { limits } from "../../limits.ts";

/** A line that a guest wrote during a request. */
export interface RequestLine {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** The first lines of a request. */
export class RequestLines {
  readonly #kept: RequestLine[] = [];
  #lost = 0;

  add({ timeMs, stream, text }: RequestLine): void {
    if (this.#kept.length >= limits.requestLinesMax) {
      this.#lost++;
      return;
    }
    this.#kept.push({ timeMs, stream, text: text.slice(0, limits.telemetryTextCharsMax) });
  }

  get kept(): readonly RequestLine[] {
    return this.#kept;
  }

  /** How many there were beyond those. */
  get lost(): number {
    return this.#lost;
  }
}

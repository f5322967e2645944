import type { TextSink } from "./io.ts";

/** What was written, for tests; `waitingBytes` is how far its reader is behind. */
export class TestSink implements TextSink {
  readonly hasColors = false;
  readonly isTerminal = false;
  waitingBytes = 0;
  text = "";

  write(text: string): void {
    this.text += text;
  }
}

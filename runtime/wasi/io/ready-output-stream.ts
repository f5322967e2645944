import { limits } from "../../limits.ts";
import type { OutputStream } from "./streams.ts";

/** An output-stream that takes whatever is written at once. */
export abstract class ReadyOutputStream implements OutputStream {
  abstract write(bytes: Uint8Array): void;

  isReady(): boolean {
    return true;
  }

  wait(): Promise<void> {
    return Promise.resolve();
  }

  checkWrite(): number {
    return limits.streamWriteBytesMax;
  }

  flush(): void {}

  dispose(): void {}
}

import { createWriteStream, fstatSync } from "node:fs";
import { Socket } from "node:net";
import { shimLimits } from "../limits.ts";

/** One of a container's two output streams. */
export interface GuestOutput {
  /** Never blocks: what the reader does not take is dropped above a bound, and the log says so. */
  writeLine(line: string): void;
  /** Settles when everything is written, or after a moment if nobody reads. */
  end(): Promise<void>;
}

const endMsMax = 1_000;

/** Writes to whatever this process has inherited: FIFO, socket, file, or /dev/null. */
export function guestOutput(fd: number): GuestOutput {
  const found = fstatSync(fd);
  const stream =
    found.isFIFO() || found.isSocket()
      ? new Socket({ fd, readable: false, writable: true })
      : createWriteStream("", { fd });
  stream.on("error", () => undefined);
  let dropped = 0;
  const tellDropped = (): void => {
    if (dropped === 0) return;
    stream.write(`whorl: ${dropped} lines were lost because nobody read the log\n`);
    dropped = 0;
  };
  return {
    writeLine(line) {
      if (stream.writableLength > shimLimits.unreadOutputBytesMax) {
        dropped += 1;
        return;
      }
      tellDropped();
      stream.write(`${line}\n`);
    },
    end: () =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, endMsMax);
        tellDropped();
        stream.end(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}

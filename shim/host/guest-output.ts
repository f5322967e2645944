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

/** Writes to a pipe, FIFO or socket that this process has inherited. */
export function guestOutput(fd: number): GuestOutput {
  const socket = new Socket({ fd, readable: false, writable: true });
  socket.on("error", () => undefined);
  let dropped = 0;
  return {
    writeLine(line) {
      if (socket.writableLength > shimLimits.unreadOutputBytesMax) {
        dropped += 1;
        return;
      }
      if (dropped > 0) {
        socket.write(`whorl: ${dropped} lines were lost because nobody read the log\n`);
        dropped = 0;
      }
      socket.write(`${line}\n`);
    },
    end: () =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, endMsMax);
        socket.end(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}

import { limits } from "../../../runtime/limits.ts";
import type { CommandIo } from "../../io.ts";
import type { DirReporter } from "./dir-output.ts";

/**
 * Drops lines of guests and warnings, and says how many, while whoever reads the output is far
 * behind: what waits for them must not fill memory.
 */
export function spareDirReaders(
  reporter: DirReporter,
  { stdout, stderr }: Pick<CommandIo, "stdout" | "stderr">,
): DirReporter {
  let dropped = 0;
  const isRead = (): boolean => {
    if (Math.max(stdout.waitingBytes, stderr.waitingBytes) > limits.outputWaitingBytesMax) {
      dropped++;
      return false;
    }
    if (dropped > 0) reporter.warning(`${dropped} lines dropped: nobody took them in time`);
    dropped = 0;
    return true;
  };
  return {
    ...reporter,
    guestLine(...line) {
      if (isRead()) reporter.guestLine(...line);
    },
    warning(message) {
      if (isRead()) reporter.warning(message);
    },
  };
}

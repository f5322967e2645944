import { limits } from "../runtime/limits.ts";
import type { OutputStreams, Reporter } from "./output.ts";

/**
 * Drops lines of guests, and says how many, while whoever reads the output is far behind: what
 * waits for them must not fill memory. A command's output is never dropped.
 */
export function spareSlowReaders(reporter: Reporter, { stdout, stderr }: OutputStreams): Reporter {
  const dropped = new Map<string, number>();
  let isCommand = false;
  return {
    ...reporter,
    started(app, url) {
      isCommand = url === undefined && app.eventTriggers.every(({ kind }) => kind === "command");
      reporter.started(app, url);
    },
    guestLine(component, ...line) {
      const waitingBytes = Math.max(stdout.waitingBytes, stderr.waitingBytes);
      const count = dropped.get(component);
      if (!isCommand && waitingBytes > limits.outputWaitingBytesMax) {
        dropped.set(component, (count ?? 0) + 1);
        return;
      }
      if (count !== undefined) {
        dropped.delete(component);
        reporter.linesDropped(component, count);
      }
      reporter.guestLine(component, ...line);
    },
  };
}

import { limits } from "../runtime/limits.ts";
import type { OutputStreams, Reporter } from "./output.ts";

/**
 * Drops lines of guests, and what is told of failing requests, and says how many, while whoever
 * reads the output is far behind: what waits for them must not fill memory. A command's output is
 * never dropped.
 */
export function spareSlowReaders(reporter: Reporter, { stdout, stderr }: OutputStreams): Reporter {
  const dropped = new Map<string, number>();
  let isCommand = false;
  let untold = 0;
  const isFarBehind = (): boolean =>
    Math.max(stdout.waitingBytes, stderr.waitingBytes) > limits.outputWaitingBytesMax;
  const tell = (told: (message: string) => void, message: string): void => {
    if (!isCommand && isFarBehind()) {
      untold++;
      return;
    }
    if (untold > 0) reporter.warning(`${untold} messages dropped: nobody took them in time`);
    untold = 0;
    told(message);
  };
  return {
    ...reporter,
    warning: (message) => tell(reporter.warning, message),
    appError: (message) => tell(reporter.appError, message),
    started(app, url) {
      isCommand = url === undefined && app.eventTriggers.every(({ kind }) => kind === "command");
      reporter.started(app, url);
    },
    guestLine(component, ...line) {
      const count = dropped.get(component);
      if (!isCommand && isFarBehind()) {
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

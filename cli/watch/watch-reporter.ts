import { styleText } from "node:util";
import type { OutputStreams } from "../output.ts";

/** What watching tells, beside what building and serving tell. */
export interface WatchReporter {
  /** Paths relative to the manifest. */
  changed(paths: readonly string[]): void;
  reloaded(): void;
  /** After a failure. */
  waiting(isServing: boolean): void;
  /** Components that are built, but from files that nobody named. */
  unwatched(components: readonly string[]): void;
}

/** Paths shown of one change. */
const shownPathsMax = 5;

/** Lines for people. */
export function createTextWatchReporter({ stdout, stderr }: OutputStreams): WatchReporter {
  return {
    changed: (paths) => {
      const more = paths.length - shownPathsMax;
      const shown = paths.slice(0, shownPathsMax).join(", ");
      stdout.write(`Changed: ${shown}${more > 0 ? ` and ${more} more` : ""}\n`);
    },
    reloaded: () => {
      stdout.write(`${stdout.hasColors ? styleText("green", "Reloaded") : "Reloaded"}\n`);
    },
    waiting: (isServing) => {
      const text = isServing ? "The version before is still served" : "Nothing is served yet";
      stderr.write(`${text}; waiting for a change\n`);
    },
    unwatched: (components) => {
      stderr.write(
        `warning: no "watch" in the build of ${components.join(", ")}: changes of its sources are not seen; add watch = ["src/**/*"]\n`,
      );
    },
  };
}

/** One JSON object per line, each with the key `event`. */
export function createJsonWatchReporter({ stdout }: OutputStreams): WatchReporter {
  const write = (event: string, details: object = {}): void => {
    stdout.write(`${JSON.stringify({ event, ...details })}\n`);
  };
  return {
    changed: (paths) => write("changed", { paths }),
    reloaded: () => write("reloaded"),
    waiting: (isServing) => write("waiting", { isServing }),
    unwatched: (components) => write("unwatched", { components }),
  };
}

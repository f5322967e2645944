import { errorText } from "../../../runtime/error.ts";
import { printableLines, printableText } from "../../../runtime/telemetry/printable-text.ts";
import type { CommandIo } from "../../io.ts";
import { safeJson } from "../../safe-json.ts";

/** An app and where it is asked. */
export interface ServedApp {
  readonly name: string;
  readonly url: string;
}

/** What `whorl up --dir` tells. */
export interface DirReporter {
  /** `url` is where apps are asked for by name; undefined where each has a port. */
  listening(folder: string, url: string | undefined): void;
  /** Apps are served from now on, or in another version. */
  serving(apps: readonly ServedApp[]): void;
  removed(name: string): void;
  /** The console can be read there; the address is for the user alone. */
  consoleReady(url: string): void;
  /** Every app is loaded, or found to be broken. */
  prepared(count: number): void;
  guestLine(app: string, component: string, stream: "stdout" | "stderr", line: string): void;
  warning(message: string): void;
  error(error: unknown): void;
  stopping(signal: string): void;
}

/** More apps at once are told by their number. */
const namedMax = 20;

export function createDirTextReporter({ stdout, stderr }: CommandIo): DirReporter {
  return {
    listening(folder, url) {
      const how = url === undefined ? "each on a port of its own" : `by name at ${url}`;
      stdout.write(`Serving the apps of ${folder}, ${how}\n`);
    },
    serving(apps) {
      for (const { name, url } of apps.slice(0, namedMax)) stdout.write(`  ${name}: ${url}\n`);
      if (apps.length > namedMax) stdout.write(`  and ${apps.length - namedMax} more\n`);
    },
    removed: (name) => stdout.write(`  ${name} is gone\n`),
    prepared: (count) => stdout.write(`Prepared ${count} ${count === 1 ? "app" : "apps"}\n`),
    consoleReady: (url) => stdout.write(`Console: ${url}\n`),
    guestLine(app, component, stream, line) {
      const sink = stream === "stdout" ? stdout : stderr;
      const name = printableText(app === component ? app : `${app}/${component}`);
      sink.write(`[${name}] ${printableText(line, true)}\n`);
    },
    warning: (message) => stderr.write(`warning: ${printableLines(message)}\n`),
    error: (error) => stderr.write(`error: ${printableLines(errorText(error))}\n`),
    stopping: (signal) =>
      stderr.write(`${signal}: finishing requests in flight; once more to stop at once\n`),
  };
}

/** One JSON object per line on stdout, each with the key `event`. */
export function createDirJsonReporter({ stdout }: CommandIo): DirReporter {
  const write = (event: string, details: object): void => {
    stdout.write(`${safeJson({ event, ...details })}\n`);
  };
  return {
    listening: (folder, url) => write("listening", { folder, ...(url && { url }) }),
    serving: (apps) => {
      for (const { name, url } of apps) write("serving", { app: name, url });
    },
    removed: (app) => write("removed", { app }),
    consoleReady: (url) => write("console", { url }),
    prepared: (apps) => write("prepared", { apps }),
    guestLine: (app, component, stream, line) => write("log", { app, component, stream, line }),
    warning: (message) => write("warning", { message }),
    error: (error) => write("error", { message: errorText(error) }),
    stopping: (signal) => write("stopping", { signal }),
  };
}

import { constants, hostname } from "node:os";
import type { WriteStream } from "node:tty";
import project from "../package.json" with { type: "json" };
import { exitCodes } from "./io.ts";
import type { CommandIo, EndSignals, TextSink } from "./io.ts";
import { terminalPrompt } from "./new/prompt.ts";
import { runProgram } from "./program.ts";
import { openTerminal } from "./top/terminal.ts";
import type { StartApp } from "./up/up.ts";

/** The engine is loaded only when an app is really started. */
const startApp: StartApp = async (app, options) => {
  const { startWithEngine } = await import("./up/start-with-engine.ts");
  return startWithEngine(project.version)(app, options);
};

/** What Node offers no other way to. */
interface StreamHandle {
  readonly _handle?: { setBlocking?(isBlocking: boolean): number } | null;
}

function textSink(stream: WriteStream & StreamHandle): TextSink {
  // A closed pipe (`whorl up | head`) is no reason to stop serving.
  stream.on("error", () => undefined);
  // Nor is a terminal that is held (Ctrl+S), or that nobody reads: Node would wait for it, and with
  // it every request. What it does not take waits in the stream, as with a pipe.
  if (stream.isTTY) stream._handle?.setBlocking?.(false);
  return {
    write: (text) => void stream.write(text),
    // Also respects NO_COLOR and TERM=dumb.
    hasColors: stream.isTTY && stream.hasColors(16),
    isTerminal: stream.isTTY,
    get waitingBytes() {
      return stream.writableLength;
    },
  };
}

const flushMsMax = 2_000;

/** Whoever reads slowly gets the end as well; whoever does not read at all holds up nobody. */
async function flush(stream: WriteStream): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, flushMsMax);
  stream.write("", () => resolve());
  await promise;
  clearTimeout(timer);
}

/** Until a command asks for them, signals end the program at once, as they end any other. */
function endSignals(): EndSignals {
  let isAsked = false;
  const arrived: ("SIGINT" | "SIGTERM")[] = [];
  const waiting: ((signal: "SIGINT" | "SIGTERM") => void)[] = [];
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (!isAsked) process.exit(128 + constants.signals[signal]);
      const waiter = waiting.shift();
      if (waiter === undefined) arrived.push(signal);
      else waiter(signal);
    });
  }
  return {
    next: () =>
      new Promise((resolve) => {
        isAsked = true;
        const signal = arrived.shift();
        if (signal === undefined) waiting.push(resolve);
        else resolve(signal);
      }),
  };
}

/** Errors that nobody caught: fatal until a command says that it survives them. */
function uncaughtErrors(onFatal: (error: unknown) => void): CommandIo["surviveErrors"] {
  let handler = onFatal;
  process.on("uncaughtException", (error) => handler(error));
  process.on("unhandledRejection", (error) => handler(error));
  return (onError) => {
    handler = onError;
    return { [Symbol.dispose]: () => void (handler = onFatal) };
  };
}

const stderr = textSink(process.stderr);
const exitCode = await runProgram(process.argv.slice(2), {
  io: {
    stdout: textSink(process.stdout),
    stderr,
    signals: endSignals(),
    surviveErrors: uncaughtErrors((error) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      stderr.write(`error: unexpected: ${text}\n`);
      process.exit(exitCodes.internal);
    }),
  },
  version: project.version,
  environment: process.env,
  directory: process.cwd(),
  startApp,
  // Standard input is opened only where somebody may answer.
  prompt: process.stdout.isTTY ? terminalPrompt(process.stdin, process.stdout) : undefined,
  machine: {
    hostName: hostname(),
    pid: process.pid,
    userId: process.getuid?.(),
    openTerminal: () => openTerminal(process.stdin, process.stdout),
  },
});
await Promise.all([flush(process.stdout), flush(process.stderr)]);
process.exit(exitCode);

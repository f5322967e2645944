import type { CommandIo, EndSignals } from "./io.ts";

/** Input and output in memory, for tests. */
export interface CaptureIo extends CommandIo {
  readonly written: { stdout: string; stderr: string };
  /** Sends a signal to the command. */
  send(signal: "SIGINT" | "SIGTERM"): void;
  /** What happens to an error that nobody caught; undefined while none survives. */
  readonly survive: ((error: unknown) => void) | undefined;
}

/** Makes a process of which everything can be seen. */
export function createCaptureIo(hasColors = false): CaptureIo {
  const written = { stdout: "", stderr: "" };
  const sink = { hasColors, isTerminal: false, waitingBytes: 0 };
  const signals = signalQueue();
  let survive: ((error: unknown) => void) | undefined;
  return {
    written,
    stdout: { ...sink, write: (text) => void (written.stdout += text) },
    stderr: { ...sink, write: (text) => void (written.stderr += text) },
    signals,
    send: signals.send,
    get survive() {
      return survive;
    },
    surviveErrors(onError) {
      survive = onError;
      return { [Symbol.dispose]: () => void (survive = undefined) };
    },
  };
}

function signalQueue(): EndSignals & Pick<CaptureIo, "send"> {
  let pending = Promise.withResolvers<"SIGINT" | "SIGTERM">();
  const sent = [pending];
  let taken = 0;
  return {
    send(signal) {
      pending.resolve(signal);
      pending = Promise.withResolvers();
      sent.push(pending);
    },
    async next() {
      const index = taken++;
      while (sent[index] === undefined) await sent.at(-1)?.promise;
      return sent[index].promise;
    },
  };
}

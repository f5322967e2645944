import { setTimeout as delay } from "node:timers/promises";
import { limits } from "../../runtime/limits.ts";
import { exitCodes } from "../io.ts";

/** What is being served, and can be told to end. */
interface Served {
  close(signal: AbortSignal): Promise<void>;
}

/** Waits for the requests in flight, or no longer than until the next signal. */
export async function finish(running: Served, signal: Promise<unknown>): Promise<number> {
  const interrupt = new AbortController();
  const patience = AbortSignal.timeout(limits.shutdownMsMax);
  const closed = running.close(AbortSignal.any([patience, interrupt.signal]));
  const exitCode = await Promise.race([
    closed.then(() => exitCodes.done),
    signal.then(() => exitCodes.interrupted),
  ]);
  if (exitCode === exitCodes.done) return exitCode;
  interrupt.abort();
  // Cutting connections is quick, and what the app keeps on disk is removed.
  await Promise.race([closed, delay(limits.interruptMsMax, undefined, { ref: false })]);
  return exitCode;
}

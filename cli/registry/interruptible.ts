import type { CommandDependencies } from "../command.ts";
import { exitCodes } from "../io.ts";
import type { CommandIo } from "../io.ts";

/**
 * Runs something that the first signal cuts short; the second one does not wait until it has put
 * away what it had begun. What runs inside is given a `CommandIo` of the same first signal.
 */
export async function interruptible(
  { io, finish }: Pick<CommandDependencies, "io" | "finish">,
  run: (signal: AbortSignal, io: CommandIo) => Promise<void>,
): Promise<void> {
  const first = io.signals.next();
  const interrupt = new AbortController();
  const running = run(interrupt.signal, { ...io, signals: { next: () => first } });
  const outcome = await Promise.race([running, first]);
  if (outcome === undefined) return;
  interrupt.abort();
  await Promise.race([running.catch(() => undefined), io.signals.next()]);
  io.stderr.write(`${outcome}: given up\n`);
  finish(exitCodes.interrupted);
}

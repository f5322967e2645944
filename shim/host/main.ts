/**
 * A host process: started by the front for one container, commanded over the channel it inherits.
 * Its standard output and error are the container's log.
 */
import { flushCompileCache } from "node:module";
import { fileURLToPath } from "node:url";
import { Host } from "./host.ts";
import { guestOutput } from "./guest-output.ts";
import { linuxKernel } from "./kernel.ts";
import type { HostCommand } from "./protocol.ts";

// Everything is loaded now, and later this process may not write to the cache.
flushCompileCache();

const host = new Host({
  kernel: linuxKernel(),
  codeFolder: fileURLToPath(new URL("../..", import.meta.url)),
  output: guestOutput,
  report: (report) => void process.send?.(report),
  exit: (status) => process.exit(status),
});

process.on("message", (command: HostCommand) => void host.handle(command));
// The front is gone: nobody can stop this container any more.
process.on("disconnect", () => process.exit(137));
// Signals come as commands; a signal to the whole session must not end guests.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
process.on("uncaughtException", (error) => {
  process.stderr.write(`whorl: unexpected: ${error.stack ?? error.message}\n`);
  process.exit(1);
});

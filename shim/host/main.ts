/**
 * A host process: started by the front for one container or for several, commanded over the channel
 * it inherits. That of one container has the container's log as its standard output and error.
 */
import { flushCompileCache } from "node:module";
import { Host } from "./host.ts";
import { guestOutput } from "./guest-output.ts";
import { linuxKernel } from "./kernel.ts";
import type { HostCommand, HostReport } from "./protocol.ts";
import { SharedHost } from "./shared-host.ts";
import { codeFolder } from "../programs.ts";

// Everything is loaded now, and later this process may not write to the cache.
flushCompileCache();

const kernel = linuxKernel();
const report = (each: HostReport): void => void process.send?.(each);
const surroundings = { kernel, codeFolder: codeFolder(), output: guestOutput, report };
const host = new Host({ ...surroundings, exit: (status) => process.exit(status) });
let shared: SharedHost | undefined;

process.on("message", (command: HostCommand) => {
  switch (command.kind) {
    case "share":
      shared = new SharedHost(command.spec, surroundings);
      return;
    case "ping":
      report({ kind: "alive" });
      return;
    case "seat":
      void shared?.handle(command.seat, command.command);
      return;
    default:
      void host.handle(command);
  }
});
// The front is gone: nobody can stop this container any more.
process.on("disconnect", () => process.exit(137));
// Signals come as commands; a signal to the whole session must not end guests.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
process.on("uncaughtException", (error) => {
  process.stderr.write(`whorl: unexpected: ${error.stack ?? error.message}\n`);
  process.exit(1);
});

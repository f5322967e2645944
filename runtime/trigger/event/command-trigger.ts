import { setImmediate } from "node:timers/promises";
import type { CommandTrigger } from "../../app/app.ts";
import { GuestExit } from "../../wasi/cli/guest-exit.ts";
import { findExport } from "../component-exports.ts";
import type { ExportCandidate, ExportWish } from "../component-exports.ts";
import { guestFailure } from "../loaded-component.ts";
import type { AppTriggerServices } from "./app-triggers.ts";

/** Components that run like a program: `wasi:cli/command`. */
export const commandExport: ExportWish<ExportCandidate> = {
  what: "a program (wasi:cli/run)",
  candidates: [
    { interface: "wasi:cli/run", tracks: ["0.2", "0.3", "0.3.0-rc-2026-03-15"], function: "run" },
  ],
};

/**
 * Runs the component once, with its id and then `args` as arguments. Throws `no_handler` before it
 * runs; what goes wrong afterwards is logged.
 * @returns the exit status: the guest's own, 0 or 1 for how it returned, 1 after a trap.
 */
export function runCommandTrigger(
  trigger: CommandTrigger,
  args: readonly string[],
  services: AppTriggerServices,
): Promise<number> {
  const component = services.component(trigger.component);
  const found = findExport(component.linked.plan, commandExport);
  return (async () => {
    // Whoever starts the app hears first that it has started.
    await setImmediate();
    const invocation = services.telemetry(trigger).beginEvent({});
    try {
      const result = (await component.call(found.function, [], {
        invocation,
        cli: { arguments: [component.id, ...args] },
      })) as { readonly tag: "ok" | "err" };
      return result.tag === "ok" ? 0 : 1;
    } catch (error) {
      if (error instanceof GuestExit) return error.code;
      invocation.failed(error);
      const { message } = guestFailure(found.text, error);
      services.log.error(`Component "${component.id}" failed: ${message}`);
      return 1;
    } finally {
      invocation.end();
    }
  })();
}

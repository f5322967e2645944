import { ShimError } from "../error.ts";
import type { HostCommands } from "./host-command.ts";
import type { Restart } from "./node-agent.ts";

/**
 * Restarts containerd by what the command line says, else by systemd: the first of the
 * distribution's units that the node has. Pods go on running.
 */
export function containerdRestart(
  commands: HostCommands,
  restartCommand: string | undefined,
): Restart {
  return async ({ units }) => {
    if (restartCommand !== undefined) {
      await commands.run("/bin/sh", "-c", restartCommand);
      return;
    }
    const unit = await runningUnit(commands, units);
    // A unit that was started too often in a short time would not be started any more.
    await commands.run("systemctl", "reset-failed", unit).catch(() => undefined);
    await commands.run("systemctl", "restart", unit);
  };
}

async function runningUnit(commands: HostCommands, units: readonly string[]): Promise<string> {
  const wanted = ["show", "--property=ActiveState", "--value"];
  let cause: unknown;
  try {
    for (const unit of units) {
      const state = (await commands.run("systemctl", ...wanted, unit)).trim();
      // What systemd says of units that it does not know.
      if (state !== "inactive" && state !== "") return unit;
    }
  } catch (error) {
    cause = error;
  }
  throw new ShimError(
    "unimplemented",
    `containerd cannot be restarted: this node has no systemd with ${units.join(" or ")}; say ` +
      "how it is done (--restart-command)",
    { cause },
  );
}

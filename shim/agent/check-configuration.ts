import { errorText, ShimError } from "../error.ts";
import { parseContainerdConfiguration } from "./containerd-configuration.ts";
import type { ConfigurationStyle } from "./distribution.ts";
import type { HostCommands } from "./host-command.ts";
import type { NodeFiles } from "./node-files.ts";
import { findContainerd } from "./node-processes.ts";
import type { DesiredHandler } from "./runtime-section.ts";

export interface CheckRequest {
  readonly style: ConfigurationStyle;
  readonly handlers: readonly DesiredHandler[];
  /** Types of the handlers that containerd knows now, by name. */
  readonly loaded: ReadonlyMap<string, string>;
  readonly commands: HostCommands;
  readonly files: NodeFiles;
}

/**
 * Lets the node's containerd read its configuration before it is restarted with it. Where it is
 * generated from something else, or the program cannot be found, only the restart will tell.
 * @throws ShimError `failed_precondition` if it cannot be read, if our handlers are not in it, or
 *   if handlers that containerd has now are not in it any more
 */
export async function checkConfiguration(request: CheckRequest): Promise<void> {
  const { style, handlers, loaded, commands, files } = request;
  if (style.kind !== "file") return;
  const { path } = style;
  const program = findContainerd(path)?.program.replace(/ \(deleted\)$/, "");
  if (program === undefined || !files.exists(program)) return;
  const text = await dump(commands, program, path);
  const found = new Map(
    parseContainerdConfiguration(text, path).handlers.map(({ name, type }) => [name, type]),
  );
  const missing = handlers.find(({ name, shim }) => found.get(name) !== shim);
  if (missing !== undefined) throw refused(`containerd would not know the handler ${missing.name}`);
  const ours = new Set(handlers.map(({ shim }) => shim));
  const lost = [...loaded].find(([name, type]) => !found.has(name) && !ours.has(type));
  if (lost !== undefined) throw refused(`containerd would lose the handler ${lost[0]}`);
}

async function dump(commands: HostCommands, program: string, path: string): Promise<string> {
  try {
    return await commands.run(program, "--config", path, "config", "dump");
  } catch (error) {
    throw refused(`containerd could not read it: ${errorText(error)}`, error);
  }
}

function refused(reason: string, cause?: unknown): ShimError {
  return new ShimError(
    "failed_precondition",
    `containerd's configuration was put back before it was used: ${reason}`,
    { cause },
  );
}

import { readComponent } from "../../runtime/app/read-component.ts";
import type { HostInterface } from "../../runtime/instance/host-interface.ts";
import { interfaceKey, parseInterfaceName } from "../../runtime/instance/interface-name.ts";
import { jcoTools } from "../../runtime/prepare/encode-core-module.ts";
import { inspectComponent } from "../../runtime/prepare/inspect.ts";
import { inspectText } from "./inspect-text.ts";
import { exitCodes, type TextSink } from "../io.ts";

export interface InspectCommandOptions {
  /** A component or core module. */
  readonly path: string;
  readonly output: "text" | "json";
}

export interface InspectDependencies {
  readonly stdout: TextSink;
  /** What this program offers to components. */
  readonly interfaces: readonly Pick<HostInterface<never>, "name" | "version" | "functions">[];
}

/**
 * Prints what a component imports and exports, how large it is, how its requests are isolated, and
 * what of it cannot be run here.
 * @returns the exit code: `refused` if something of it is unsupported.
 * @throws WhorlError if the file cannot be read or is no component.
 */
export async function inspect(
  { path, output }: InspectCommandOptions,
  { stdout, interfaces }: InspectDependencies,
): Promise<number> {
  const inspection = await inspectComponent(await readComponent(path), {
    provides: hostLookup(interfaces),
    tools: jcoTools,
  });
  if (output === "json") stdout.write(`${JSON.stringify({ file: path, ...inspection })}\n`);
  else stdout.write(inspectText(path, inspection));
  return inspection.unsupported.length === 0 ? exitCodes.done : exitCodes.refused;
}

/** Finds functions as the linker does: any version of the same semver track. */
function hostLookup(
  interfaces: InspectDependencies["interfaces"],
): (interfaceName: string | undefined, name: string) => boolean {
  const offered = new Map(interfaces.map((each) => [interfaceKey(each), each.functions]));
  return (interfaceName, name) => {
    const functions = offered.get(interfaceKey(parseInterfaceName(interfaceName ?? "")));
    return functions !== undefined && Object.hasOwn(functions, name);
  };
}

import { readComponent } from "../../runtime/app/read-component.ts";
import type { HostInterface } from "../../runtime/instance/host-interface.ts";
import { interfaceKey, parseInterfaceName } from "../../runtime/instance/interface-name.ts";
import { jcoTools } from "../../runtime/prepare/encode-core-module.ts";
import { inspectComponent } from "../../runtime/prepare/inspect.ts";
import { isCoreModule } from "../../runtime/prepare/module-kind.ts";
import { inspectText } from "./inspect-text.ts";
import { exitCodes, type TextSink } from "../io.ts";

export interface InspectCommandOptions {
  /** A component or core module. */
  readonly path: string;
  readonly output: "text" | "json";
}

export interface InspectDependencies {
  readonly stdout: TextSink;
  /** What this program offers to components; of clients only those that are named in one. */
  interfaces(
    isNamed: (interfaceName: string) => boolean,
  ): Promise<readonly Pick<HostInterface<never>, "name" | "version" | "functions">[]>;
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
  const bytes = await readComponent(path);
  // Modules of Spin 1 have other names for the same.
  const isModule = isCoreModule(bytes);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const offered = await interfaces((name) => isModule || text.includes(name));
  const inspection = await inspectComponent(bytes, {
    provides: hostLookup(offered),
    tools: jcoTools,
  });
  if (output === "json") stdout.write(`${JSON.stringify({ file: path, ...inspection })}\n`);
  else stdout.write(inspectText(path, inspection));
  return inspection.unsupported.length === 0 ? exitCodes.done : exitCodes.refused;
}

/** Finds functions as the linker does: any version of the same semver track. */
function hostLookup(
  interfaces: Awaited<ReturnType<InspectDependencies["interfaces"]>>,
): (interfaceName: string | undefined, name: string) => boolean {
  const offered = new Map(interfaces.map((each) => [interfaceKey(each), each.functions]));
  return (interfaceName, name) => {
    const functions = offered.get(interfaceKey(parseInterfaceName(interfaceName ?? "")));
    return functions !== undefined && Object.hasOwn(functions, name);
  };
}

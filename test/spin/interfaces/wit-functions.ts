import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { wasmApp } from "../../whorl-process.ts";

/** One function of an imported interface: `connection.open` is told as `open`. */
export interface WitFunction {
  readonly interfaceName: string;
  readonly functionName: string;
}

/**
 * Every function of the interfaces that the guests of the tests import, from their WIT files. Those
 * are written one declaration a line.
 */
export function witFunctions(guests: readonly string[]): WitFunction[] {
  return witFiles(guests).flatMap(functionsOf);
}

/** Contents of the WIT files that the guests are made with. */
export function witFiles(guests: readonly string[]): string[] {
  return guests.flatMap((guest) => {
    const folder = wasmApp(`${guest}-rust/wit/deps`);
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".wit"))
      .sort()
      .map((name) => readFileSync(join(folder, name), "utf8"));
  });
}

/** Resources that are told with their functions: a store or a connection is what all are of. */
const namedResources = new Set(["cas", "connection-builder"]);

function functionsOf(text: string): WitFunction[] {
  const [, name = "", version = ""] = /^package ([\w:-]+)(@\S+)?;/m.exec(text) ?? [];
  const found: WitFunction[] = [];
  let interfaceName = "";
  let prefix = "";
  for (const line of text.split("\n")) {
    const [, kind, label = ""] = /^\s*(interface|resource) ([\w-]+) \{/.exec(line) ?? [];
    if (kind === "interface") interfaceName = `${name}/${label}${version}`;
    if (kind === "resource") prefix = namedResources.has(label) ? `${label}.` : "";
    else if (/^ {2}\}/.test(line)) prefix = "";
    const called = /^\s*%?([\w-]+): (?:static )?(?:async )?func\(/.exec(line)?.[1];
    const functionName = called ?? /^\s*(constructor)\(/.exec(line)?.[1];
    if (functionName !== undefined) {
      found.push({ interfaceName, functionName: `${prefix}${functionName}` });
    }
  }
  // What is exported is called by the triggers; clocks are there for the sake of their types.
  return found.filter(({ interfaceName: each }) => !/\/inbound-|^wasi:clocks/.test(each));
}

import type {
  InspectedExport,
  InspectedImport,
  InspectedModule,
  Inspection,
} from "../../runtime/prepare/inspect.ts";

/** An inspection as text for people; ends with a line break. */
export function inspectText(path: string, inspection: Inspection): string {
  const { imports, exports, coreModules, unsupported } = inspection;
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ["Exports", exports.flatMap(exportLines)],
    ["Imports", imports.flatMap(importLines)],
    ["Core modules", coreModules.map(moduleLine)],
    ["Isolation", isolationLines(inspection)],
    ["Interruption", interruptionLines(inspection)],
    ["Unsupported", unsupported.map(({ what, reason }) => `${what}: ${reason}`)],
  ];
  const lines = [`${path}: ${formatText(inspection)}`];
  for (const [title, content] of sections) {
    lines.push("", `${title}:${content.length === 0 ? " none" : ""}`);
    for (const line of content) lines.push(`  ${line}`);
  }
  return `${lines.join("\n")}\n`;
}

const madeTexts = {
  command: "a program of WASI preview 1",
  reactor: "made with wit-bindgen",
  legacy: "made for Spin 1",
} as const;

function formatText({ format, bytes, instances }: Inspection): string {
  if (format.kind === "core-module") {
    return (
      `core module of ${sizeText(bytes)}, ${madeTexts[format.made]}; ` +
      `as a component ${sizeText(format.componentBytes)}`
    );
  }
  const { core, component } = instances;
  const nested = component > 1 ? `, ${component} component instances` : "";
  return `component of ${sizeText(bytes)}, ${core} core instances${nested}`;
}

function exportLines({ name, kind, functions }: InspectedExport): string[] {
  if (kind === "func") return [`${name} (function${asyncText(functions[0])})`];
  if (kind !== "instance") return [`${name} (${kind})`];
  return [name, ...functions.map((each) => `  ${each.name}${asyncText(each)}`)];
}

function asyncText(each: { readonly isAsync: boolean } | undefined): string {
  return each?.isAsync === true ? ", async" : "";
}

function importLines({ interface: name, functions, resources }: InspectedImport): string[] {
  const title = name ?? "(functions by themselves)";
  // Of an interface that is imported for its types alone, nothing is called.
  if (functions.length === 0) {
    return [resources.length === 0 ? title : `${title} (types: ${resources.join(", ")})`];
  }
  return [
    title,
    ...functions.map((each) => `  ${each.name}${each.isProvided ? "" : " (not provided)"}`),
  ];
}

function moduleLine(module: InspectedModule, index: number): string {
  const parts = [sizeText(module.bytes)];
  if (module.codeBytes !== undefined) {
    parts.push(`code ${sizeText(module.codeBytes)} in ${module.functions} functions`);
    parts.push(`data ${sizeText(module.dataBytes ?? 0)}`);
    for (const pages of module.memoryPages ?? []) parts.push(`memory ${sizeText(pages * 65_536)}`);
    parts.push(`${module.mutableGlobals} mutable globals`);
  }
  return `${index}: ${parts.join(", ")}`;
}

function isolationLines({ isolation }: Inspection): string[] {
  if (isolation.kind === "new-instance") {
    return [
      "a new instance for each request, which cannot be warmed up",
      `because ${isolation.reason}`,
    ];
  }
  const { memories, globals } = isolation;
  return [
    "an instance of its own for each request, put back to its first state afterwards",
    `proved complete: ${memories} memories and ${globals} globals; no code changes other state`,
    "instances can begin behind a warm-up (whorl up --warm), if it answers more than once",
  ];
}

function interruptionLines({ interruption, coreModules }: Inspection): string[] {
  if (interruption.kind === "impossible") {
    return [
      "it cannot be stopped or held to limits, and is refused where those are asked for",
      `because ${interruption.reason}`,
    ];
  }
  const { checkedModules } = interruption;
  return [
    "it can be stopped at any time, and its memory is bounded",
    `${checkedModules} of ${coreModules.length} core modules look for it in loops and recursion` +
      (checkedModules < coreModules.length ? "; the others have neither" : ""),
  ];
}

const units = ["bytes", "kB", "MB", "GB"] as const;

function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

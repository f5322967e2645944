import { WhorlError } from "../../runtime/error.ts";
import { nodeAt, parseTomlDocument, TomlSyntaxError } from "../../runtime/app/toml-document.ts";
import type { TomlTable } from "../../runtime/app/toml-document.ts";

/** What is appended to a manifest. */
export interface Addition {
  /** Id of the new component. */
  readonly name: string;
  /** `http`, `redis`, ... */
  readonly triggerType: string;
  /** Route of the new component, where it has one. */
  readonly route: string | undefined;
  /** Tables of the component and its trigger. */
  readonly tables: string;
  /** `[application.trigger.TYPE]`, for manifests that have none yet; empty where not needed. */
  readonly applicationTrigger: string;
}

/** A manifest as it stands in its file. */
export interface ExistingManifest {
  readonly text: string;
  /** Of the file, for messages. */
  readonly name: string;
}

/**
 * The text of a manifest with one more component at its end; all that was there stays as it is.
 * @throws WhorlError `manifest` for a manifest that cannot be added to, `usage` for a name or route
 * that is taken.
 */
export function addComponent(manifest: ExistingManifest, addition: Addition): string {
  const root = parse(manifest);
  checkVersion(root, manifest);
  checkName(root, manifest, addition.name);
  checkRoute(root, manifest, addition);
  const hasShared =
    nodeAt(root, ["application", "trigger", addition.triggerType]) !== undefined ||
    addition.applicationTrigger === "";
  const parts = [...(hasShared ? [] : [addition.applicationTrigger]), addition.tables];
  const added = joined(manifest.text, parts);
  checkResult(added, { manifest, addition });
  return added;
}

function joined(text: string, parts: readonly string[]): string {
  const lineBreak = text.includes("\r\n") ? "\r\n" : "\n";
  const end = text === "" || text.endsWith("\n") ? "" : lineBreak;
  const tables = parts.map((part) => `\n${part.trim()}\n`).join("");
  return `${text}${end}${tables.replaceAll("\n", lineBreak)}`;
}

function parse({ text, name }: ExistingManifest): TomlTable {
  try {
    return parseTomlDocument(text);
  } catch (error) {
    if (!(error instanceof TomlSyntaxError)) throw error;
    const { line, column } = error.position;
    throw new WhorlError("manifest", `${name}:${line}:${column}: ${error.message}`, {
      cause: error,
    });
  }
}

function checkVersion(root: TomlTable, { name }: ExistingManifest): void {
  const version = nodeAt(root, ["spin_manifest_version"]);
  if (version?.kind === "integer" && version.value === 2) return;
  throw new WhorlError(
    "manifest",
    `${name} is not of version 2; components can only be added to a manifest that says spin_manifest_version = 2`,
  );
}

function checkName(root: TomlTable, { name }: ExistingManifest, id: string): void {
  if (nodeAt(root, ["component", id]) === undefined) return;
  throw new WhorlError("usage", `${name} has a component "${id}" already; choose another name`);
}

function checkRoute(root: TomlTable, { name }: ExistingManifest, { route }: Addition): void {
  const triggers = nodeAt(root, ["trigger", "http"]);
  if (route === undefined || triggers?.kind !== "array") return;
  for (const trigger of triggers.items) {
    const taken = trigger.kind === "table" ? trigger.entries.get("route")?.node : undefined;
    if (taken?.kind !== "string" || taken.value !== route) continue;
    throw new WhorlError(
      "usage",
      `${name}:${taken.position.line} has the route "${route}" already; choose another with --value route=/...`,
    );
  }
}

interface Attempt {
  readonly manifest: ExistingManifest;
  readonly addition: Addition;
}

/** A manifest that writes its triggers as one value cannot get another by a table at its end. */
function checkResult(added: string, { manifest, addition }: Attempt): void {
  try {
    const found = nodeAt(parseTomlDocument(added), ["component", addition.name]);
    if (found !== undefined) return;
  } catch (error) {
    if (!(error instanceof TomlSyntaxError)) throw error;
  }
  throw new WhorlError(
    "manifest",
    `${manifest.name} writes its triggers or components as one value, to which nothing can be appended; write them as [[trigger.${addition.triggerType}]] and [component.NAME]`,
  );
}

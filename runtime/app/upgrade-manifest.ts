import { isComponentId } from "./component-id.ts";
import type { ManifestProblems } from "./manifest-problems.ts";
import type { Position, TomlArray, TomlEntry, TomlNode, TomlTable } from "./toml-document.ts";

/**
 * A manifest of version 1 in the shape of version 2, its positions kept, so that everything that
 * follows knows one version only; a manifest of another version as it is. What version 1 needs and
 * version 2 has no place for is reported.
 */
export function upgradeManifest(root: TomlTable, problems: ManifestProblems): TomlTable {
  const version = root.entries.get("spin_manifest_version") ?? root.entries.get("spin_version");
  if (version === undefined || !isVersionOne(version.node)) return root;
  const upgraded = new Map<string, TomlEntry>();
  const { position } = version.node;
  upgraded.set("spin_manifest_version", {
    keyPosition: version.keyPosition,
    node: { kind: "integer", position, value: 2 },
  });
  upgraded.set("application", entry(application(root)));
  const { triggers, components } = splitComponents(root, problems);
  upgraded.set("trigger", entry(triggers));
  upgraded.set("component", entry(components));
  for (const [key, value] of root.entries) if (!moved.has(key)) upgraded.set(key, value);
  return { kind: "table", position: root.position, entries: upgraded };
}

const applicationKeys = ["name", "version", "description", "authors"];
const moved: ReadonlySet<string> = new Set([
  "spin_manifest_version",
  "spin_version",
  "trigger",
  "component",
  ...applicationKeys,
]);

function isVersionOne(node: TomlNode): boolean {
  return node.kind !== "table" && node.kind !== "array" && String(node.value) === "1";
}

function application(root: TomlTable): TomlTable {
  const entries = new Map<string, TomlEntry>();
  for (const key of applicationKeys) {
    const found = root.entries.get(key);
    if (found !== undefined) entries.set(key, found);
  }
  const trigger = root.entries.get("trigger")?.node;
  const type = triggerType(root);
  if (trigger?.kind === "table" && type !== undefined) {
    const rest = without(trigger, ["type", ...(hasPlainBase(trigger) ? ["base"] : [])]);
    if (rest.entries.size > 0) {
      const byType = table(trigger.position, [[type, entry(rest)]]);
      entries.set("trigger", entry(byType));
    }
  }
  return { kind: "table", position: root.position, entries };
}

/** `base = "/"` stood in every manifest of version 1 and says nothing. */
function hasPlainBase(trigger: TomlTable): boolean {
  const base = trigger.entries.get("base")?.node;
  return base?.kind === "string" && base.value === "/";
}

/** Of the app: all components of version 1 have the same. */
function triggerType(root: TomlTable): string | undefined {
  const trigger = root.entries.get("trigger")?.node;
  const type = trigger?.kind === "table" ? trigger.entries.get("type")?.node : undefined;
  return type?.kind === "string" ? String(type.value) : undefined;
}

function splitComponents(
  root: TomlTable,
  problems: ManifestProblems,
): { readonly triggers: TomlTable; readonly components: TomlTable } {
  const triggers: TomlNode[] = [];
  const components = new Map<string, TomlEntry>();
  const type = triggerType(root);
  if (type === undefined) {
    problems.add(
      "manifest",
      root.entries.get("trigger")?.keyPosition ?? root.position,
      'missing key "trigger" with a type; write trigger = { type = "http" }',
    );
  }
  for (const node of componentTables(root)) {
    const id = componentId(node, problems);
    if (id === undefined) continue;
    if (components.has(id)) {
      problems.add("manifest", node.position, `a component with the id "${id}" exists already`);
    }
    components.set(id, entry(component(node)));
    triggers.push(trigger(node, id));
  }
  const position = root.entries.get("trigger")?.keyPosition ?? root.position;
  const list: TomlArray = { kind: "array", position, items: triggers };
  return {
    triggers: table(position, type === undefined ? [] : [[type, entry(list)]]),
    components: { kind: "table", position, entries: components },
  };
}

function componentTables(root: TomlTable): TomlTable[] {
  const found = root.entries.get("component")?.node;
  const items = found?.kind === "array" ? found.items : [];
  return items.filter((item) => item.kind === "table");
}

function componentId(node: TomlTable, problems: ManifestProblems): string | undefined {
  const id = node.entries.get("id")?.node;
  if (id?.kind !== "string") {
    problems.add("manifest", node.position, 'missing key "id" in [[component]]');
    return undefined;
  }
  const text = String(id.value);
  return isComponentId(text) ? text : text.replaceAll("_", "-").toLowerCase();
}

/** What version 1 let every component do without saying so. */
const impliedHosts = ["redis://*:*", "mysql://*:*", "postgres://*:*"];

function component(node: TomlTable): TomlTable {
  const kept = without(node, ["id", "trigger", "config"]);
  const config = node.entries.get("config");
  if (config !== undefined) kept.entries.set("variables", config);
  if (!node.entries.has("allowed_outbound_hosts")) {
    const { position } = node;
    const items = impliedHosts.map((value): TomlNode => ({ kind: "string", position, value }));
    kept.entries.set("allowed_outbound_hosts", entry({ kind: "array", position, items }));
  }
  return kept;
}

function trigger(node: TomlTable, id: string): TomlTable {
  const own = node.entries.get("trigger")?.node;
  const position = own?.position ?? node.position;
  const result = table(position, own?.kind === "table" ? [...own.entries] : []);
  result.entries.set("id", entry({ kind: "string", position, value: `trigger-${id}` }));
  result.entries.set("component", entry({ kind: "string", position, value: id }));
  return result;
}

function without(node: TomlTable, keys: readonly string[]): TomlTable {
  const entries = [...node.entries].filter(([key]) => !keys.includes(key));
  return table(node.position, entries);
}

function table(position: Position, entries: readonly (readonly [string, TomlEntry])[]): TomlTable {
  return { kind: "table", position, entries: new Map(entries) };
}

function entry(node: TomlNode): TomlEntry {
  return { keyPosition: node.position, node };
}

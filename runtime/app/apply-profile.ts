import type { ManifestProblems } from "./manifest-problems.ts";
import { didYouMean } from "./nearest-name.ts";
import { nodeAt } from "./toml-document.ts";
import type { TomlEntry, TomlNode, TomlTable } from "./toml-document.ts";

/**
 * The manifest with what its components have for a profile (`component.ID.profile.NAME`) in place
 * of, or merged into, what they have otherwise; positions are kept. A component that does not know
 * the profile stays as it is; a profile that none of them knows is reported.
 */
export function applyProfile(
  root: TomlTable,
  profile: string | undefined,
  problems: ManifestProblems,
): TomlTable {
  if (profile === undefined) return root;
  const known = new Set<string>();
  const upgrade = (node: TomlNode): TomlNode => withProfile(node, profile, known);
  const result = mapTable(root, {
    component: (node) => mapValues(node, upgrade),
    trigger: (node) =>
      mapValues(node, (list) => mapItems(list, (each) => withInline(each, upgrade))),
  });
  if (!known.has(profile)) {
    const names = [...known].toSorted();
    const hint =
      names.length === 0
        ? "no component has a profile"
        : `there ${names.length === 1 ? "is" : "are"} ${names.map((name) => `"${name}"`).join(", ")}`;
    problems.add(
      "manifest",
      root.position,
      `profile "${profile}" is not defined in this application${didYouMean(profile, names)}; ${hint}`,
    );
  }
  return result;
}

/** The components inside a trigger. */
function withInline(trigger: TomlNode, upgrade: (node: TomlNode) => TomlNode): TomlNode {
  if (trigger.kind !== "table") return trigger;
  return mapTable(trigger, {
    component: upgrade,
    components: (roles) =>
      mapValues(roles, (role) => (role.kind === "array" ? mapItems(role, upgrade) : upgrade(role))),
  });
}

function withProfile(component: TomlNode, profile: string, known: Set<string>): TomlNode {
  if (component.kind !== "table") return component;
  const profiles = nodeAt(component, ["profile"]);
  if (profiles?.kind !== "table") return component;
  for (const name of profiles.entries.keys()) known.add(name);
  const overrides = profiles.entries.get(profile)?.node;
  if (overrides?.kind !== "table") return component;
  const entries = new Map(component.entries);
  for (const [key, entry] of overrides.entries) {
    if (replaced.has(key)) entries.set(key, entry);
    if (merged.has(key)) entries.set(key, merge(entries.get(key), entry));
  }
  return { ...component, entries };
}

const replaced: ReadonlySet<string> = new Set(["source"]);
/** Of `build` there is only the command. */
const merged: ReadonlySet<string> = new Set(["environment", "dependencies", "build"]);

/** A value of the wrong type is left for the check of shapes. */
function merge(under: TomlEntry | undefined, over: TomlEntry): TomlEntry {
  if (under?.node.kind !== "table" || over.node.kind !== "table") return under ?? over;
  const entries = new Map([...under.node.entries, ...over.node.entries]);
  return { ...under, node: { ...under.node, entries } };
}

type Change = (node: TomlNode) => TomlNode;

function mapTable(table: TomlTable, changes: Readonly<Record<string, Change>>): TomlTable {
  const entries = [...table.entries].map(([key, entry]): [string, TomlEntry] => {
    const change = Object.hasOwn(changes, key) ? changes[key] : undefined;
    return [key, change === undefined ? entry : { ...entry, node: change(entry.node) }];
  });
  return { ...table, entries: new Map(entries) };
}

function mapValues(node: TomlNode, change: Change): TomlNode {
  if (node.kind !== "table") return node;
  const entries = [...node.entries].map(([key, entry]): [string, TomlEntry] => [
    key,
    { ...entry, node: change(entry.node) },
  ]);
  return { ...node, entries: new Map(entries) };
}

function mapItems(node: TomlNode, change: Change): TomlNode {
  return node.kind === "array" ? { ...node, items: node.items.map(change) } : node;
}

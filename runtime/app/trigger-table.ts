import type { ManifestContext } from "./manifest-context.ts";
import type { ManifestComponent, ManifestTrigger } from "./manifest.ts";
import { didYouMean } from "./nearest-name.ts";
import type { Position } from "./toml-document.ts";

/** A component of the manifest, its own table or inline in a trigger. */
export interface DeclaredComponent {
  readonly id: string;
  readonly table: ManifestComponent;
  /** Where the id stands; undefined if the id was made up. */
  readonly idPosition: Position | undefined;
}

/** Components by id; inline ones are added while triggers are read. */
export type DeclaredComponents = Map<string, DeclaredComponent>;

/**
 * Ids of the triggers of one type, in order: the written ones, `<component>-<type>-trigger`, or
 * `<type>-trigger<number>`.
 */
export function triggerIds(
  type: string,
  tables: readonly ManifestTrigger[],
  { positions, problems }: ManifestContext,
): string[] {
  const taken = new Set<string>();
  for (const table of tables) {
    if (table.id === undefined || table.id === "") continue;
    if (taken.has(table.id)) {
      problems.add(
        "manifest",
        positions.valueAt(table, "id"),
        `a trigger with the id "${table.id}" exists already; rename one`,
      );
    }
    taken.add(table.id);
  }
  let counter = 1;
  return tables.map((table) => {
    if (table.id !== undefined && table.id !== "") return table.id;
    const natural = typeof table.component === "string" ? `${table.component}-${type}-trigger` : "";
    if (natural !== "" && !taken.has(natural)) {
      taken.add(natural);
      return natural;
    }
    while (taken.has(`${type}-trigger${counter}`)) counter++;
    const id = `${type}-trigger${counter}`;
    taken.add(id);
    return id;
  });
}

/** A trigger's table with the id that it got. */
export interface IdentifiedTrigger<T extends ManifestTrigger> {
  readonly id: string;
  readonly table: T;
}

/**
 * The id of the component that a trigger names or contains; undefined if there is none, the reason
 * being reported then.
 */
export function triggerComponent(
  { id, table }: IdentifiedTrigger<ManifestTrigger>,
  components: DeclaredComponents,
  context: ManifestContext,
): string | undefined {
  const { component } = table;
  if (typeof component === "object") {
    const inlineId = freeComponentId(`${id}-component`, components);
    components.set(inlineId, { id: inlineId, table: component, idPosition: undefined });
    return inlineId;
  }
  if (component === undefined || isDeclared(component, context)) return component;
  const written = context.positions.keys(context.manifest.component ?? {});
  const hint = didYouMean(component, written) || `; add [component.${component}]`;
  const at = context.positions.valueAt(table, "component");
  context.problems.add("manifest", at, `unknown component "${component}"${hint}`);
  return undefined;
}

/** Reports what a trigger may have in newer manifests and cannot be done yet. */
export function checkTriggerRoles(
  table: ManifestTrigger,
  { positions, problems }: ManifestContext,
): void {
  for (const key of ["components", "dependencies"] as const) {
    if (table[key] === undefined) continue;
    problems.add(
      "unsupported",
      positions.keyAt(table, key),
      `"${key}" of a trigger is not supported yet; name one component with "component"`,
    );
  }
}

/** Also if its table is wrong: that is reported by itself. */
function isDeclared(id: string, { manifest, positions }: ManifestContext): boolean {
  return manifest.component !== undefined && positions.has(manifest.component, id);
}

function freeComponentId(wanted: string, components: ReadonlyMap<string, unknown>): string {
  if (!components.has(wanted)) return wanted;
  let counter = 1;
  while (components.has(`inline-component${counter}`)) counter++;
  return `inline-component${counter}`;
}

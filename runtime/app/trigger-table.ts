import { isComponentId } from "./component-id.ts";
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

/** Reports ids that two triggers of one type have. */
export function checkTriggerIds(
  tables: readonly ManifestTrigger[],
  { positions, problems }: ManifestContext,
): void {
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
}

/**
 * Ids of the triggers of one type, in order: the written ones, `<component>-<type>-trigger`, or
 * `<type>-trigger<number>`.
 */
export function triggerIds(tables: readonly ManifestTrigger[], type: string): string[] {
  const taken = new Set(tables.flatMap(({ id = "" }) => (id === "" ? [] : [id])));
  let counter = 1;
  return tables.map(({ id: written = "", component }) => {
    if (written !== "") return written;
    const natural = typeof component === "string" ? `${component}-${type}-trigger` : "";
    while (taken.has(`${type}-trigger${counter}`)) counter++;
    const id = natural !== "" && !taken.has(natural) ? natural : `${type}-trigger${counter}`;
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
 * being reported then. Components that the trigger has for other roles become the app's too.
 */
export function triggerComponent(
  { id, table }: IdentifiedTrigger<ManifestTrigger>,
  components: DeclaredComponents,
  context: ManifestContext,
): string | undefined {
  const { component } = table;
  const roles = table.components ?? {};
  const others = Object.entries(roles).flatMap(([role, each]) =>
    (Array.isArray(each) ? each : [each]).map((one: string | ManifestComponent, index) => ({
      spec: one,
      at: Array.isArray(each)
        ? context.positions.valueAt(each, index)
        : context.positions.valueAt(roles, role),
    })),
  );
  const isOnly = others.length === 0;
  const wanted = isOnly ? `${id}-component` : undefined;
  const main =
    component === undefined
      ? undefined
      : declare(
          { spec: component, at: context.positions.valueAt(table, "component") },
          { wanted, components },
          context,
        );
  for (const other of others) declare(other, { wanted: undefined, components }, context);
  if (!isOnly) {
    context.problems.warn(
      context.positions.keyAt(table, "components"),
      "no trigger calls other components than its own: those of other roles are not used",
    );
  }
  return main;
}

interface ComponentSpec {
  readonly spec: string | ManifestComponent;
  readonly at: Position;
}

interface Declaring {
  /** Id for a component without one. */
  readonly wanted: string | undefined;
  readonly components: DeclaredComponents;
}

function declare(
  { spec, at }: ComponentSpec,
  { wanted, components }: Declaring,
  context: ManifestContext,
): string | undefined {
  if (typeof spec === "object") {
    const inlineId = freeComponentId(wanted, components);
    components.set(inlineId, { id: inlineId, table: spec, idPosition: undefined });
    return inlineId;
  }
  if (isDeclared(spec, context)) return spec;
  const written = context.positions.keys(context.manifest.component ?? {});
  const hint = didYouMean(spec, written) || `; add [component.${spec}]`;
  context.problems.add("manifest", at, `unknown component "${spec}"${hint}`);
  return undefined;
}

/** Reports dependencies of a trigger of a type that has none. */
export function refuseDependencies(
  type: string,
  table: ManifestTrigger,
  { positions, problems }: ManifestContext,
): void {
  if (Object.keys(table.dependencies ?? {}).length === 0) return;
  problems.add(
    "unsupported",
    positions.keyAt(table, "dependencies"),
    `triggers of type "${type}" have no "dependencies"; compose them into the component, in [component.ID.dependencies]`,
  );
}

/** Also if its table is wrong: that is reported by itself. */
function isDeclared(id: string, { manifest, positions }: ManifestContext): boolean {
  return manifest.component !== undefined && positions.has(manifest.component, id);
}

function freeComponentId(
  wanted: string | undefined,
  components: ReadonlyMap<string, unknown>,
): string {
  if (wanted !== undefined && isComponentId(wanted) && !components.has(wanted)) return wanted;
  let counter = 1;
  while (components.has(`inline-component${counter}`)) counter++;
  return `inline-component${counter}`;
}

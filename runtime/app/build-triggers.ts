import { validateHeaderName, validateHeaderValue } from "node:http";
import { errorText } from "../error.ts";
import type { HttpTrigger } from "./app.ts";
import type { ManifestContext } from "./manifest-context.ts";
import type { ManifestComponent, ManifestHttpTrigger } from "./manifest.ts";
import { didYouMean, nearestName } from "./nearest-name.ts";
import type { Position } from "./toml-document.ts";

/** A component of the manifest, its own table or inline in a trigger. */
export interface DeclaredComponent {
  readonly id: string;
  readonly table: ManifestComponent;
  /** Where the id stands; undefined if the id was made up. */
  readonly idPosition: Position | undefined;
}

export interface DeclaredApp {
  readonly triggers: readonly HttpTrigger[];
  readonly components: ReadonlyMap<string, DeclaredComponent>;
}

/** Checks `[[trigger.*]]`, names what has no name yet and collects the components. */
export function buildTriggers(context: ManifestContext): DeclaredApp {
  checkTriggerTypes(context);
  const components = declaredComponents(context);
  const tables = context.manifest.trigger?.http ?? [];
  const ids = triggerIds(tables, context);
  const triggers: HttpTrigger[] = [];
  for (const [index, table] of tables.entries()) {
    checkTrigger(table, context);
    const id = ids[index] ?? "";
    const target = targetOf(table, { id, components }, context);
    const route = typeof table.route === "string" ? table.route : undefined;
    const origin = context.problems.at(
      route === undefined
        ? context.positions.start(table)
        : context.positions.valueAt(table, "route"),
    );
    if (target !== undefined) triggers.push({ id, route, origin, target });
  }
  return { triggers, components };
}

function declaredComponents(context: ManifestContext): Map<string, DeclaredComponent> {
  const tables = context.manifest.component ?? {};
  return new Map(
    Object.entries(tables).map(([id, table]) => [
      id,
      { id, table, idPosition: context.positions.keyAt(tables, id) },
    ]),
  );
}

function checkTriggerTypes({ manifest, positions, problems }: ManifestContext): void {
  const byType = manifest.trigger ?? {};
  for (const type of Object.keys(byType)) {
    if (type === "http") continue;
    problems.add(
      "unsupported",
      positions.valueAt(byType, type),
      `trigger type "${type}" is not supported yet; only [[trigger.http]] is`,
    );
  }
  const hasTriggers = Object.values(byType).some((triggers) => triggers.length > 0);
  if (!hasTriggers && problems.count === 0) {
    problems.add(
      "manifest",
      positions.start(manifest),
      "the app has no trigger; add [[trigger.http]] with a route and a component",
    );
  }
  const base = manifest.application.trigger?.http?.base;
  if (base === undefined) return;
  const http = manifest.application.trigger?.http ?? {};
  const position = positions.keyAt(http, "base");
  const advice = 'the key "base" is deprecated; put it in front of each route instead';
  if (base === "/") problems.warn(position, advice);
  else problems.add("manifest", position, advice);
}

/** Written ids, then `<component>-http-trigger`, then `http-trigger<number>`. */
function triggerIds(
  tables: readonly ManifestHttpTrigger[],
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
    const natural = typeof table.component === "string" ? `${table.component}-http-trigger` : "";
    if (natural !== "" && !taken.has(natural)) {
      taken.add(natural);
      return natural;
    }
    while (taken.has(`http-trigger${counter}`)) counter++;
    const id = `http-trigger${counter}`;
    taken.add(id);
    return id;
  });
}

function checkTrigger(table: ManifestHttpTrigger, { positions, problems }: ManifestContext): void {
  const start = positions.start(table);
  const isRoute = (key: string): boolean => nearestName(key, ["route"]) !== undefined;
  if (!positions.keys(table).some(isRoute)) {
    problems.add(
      "manifest",
      start,
      'missing key "route" in [[trigger.http]]; "/..." takes every request',
    );
  }
  if (typeof table.route === "object" && !table.route.private) {
    problems.add(
      "manifest",
      positions.valueAt(table, "route"),
      'route = { private = false } says nothing; write a path like "/..." or leave { private = true }',
    );
  }
  const hasStatic = positions.has(table, "static_response");
  if (hasStatic && positions.has(table, "component")) {
    problems.add(
      "manifest",
      positions.keyAt(table, "static_response"),
      "a trigger has either a component or a static_response; remove one",
    );
  } else if (!hasStatic && !positions.has(table, "component")) {
    problems.add(
      "manifest",
      start,
      'missing key "component" (or "static_response") in [[trigger.http]]',
    );
  }
  for (const key of ["components", "dependencies"] as const) {
    if (table[key] === undefined) continue;
    problems.add(
      "unsupported",
      positions.keyAt(table, key),
      `"${key}" of a trigger is not supported yet; name one component with "component"`,
    );
  }
  const { executor } = table;
  if (executor === undefined || executor.type === "http" || executor.type === "spin") return;
  const at = positions.valueAt(executor, "type");
  if (executor.type === "wagi") {
    problems.add(
      "unsupported",
      at,
      'executor type "wagi" is not supported yet; build the component for wasi:http',
    );
  } else {
    problems.add("manifest", at, `unknown executor type "${executor.type}"; use "http"`);
  }
}

interface TriggerPlace {
  readonly id: string;
  readonly components: Map<string, DeclaredComponent>;
}

function targetOf(
  table: ManifestHttpTrigger,
  { id, components }: TriggerPlace,
  context: ManifestContext,
): HttpTrigger["target"] | undefined {
  const { component } = table;
  if (typeof component === "object") {
    const inlineId = freeComponentId(`${id}-component`, components);
    components.set(inlineId, { id: inlineId, table: component, idPosition: undefined });
    return { kind: "component", component: inlineId };
  }
  if (component === undefined) return staticTarget(table.static_response, context);
  if (isDeclared(component, context)) return { kind: "component", component };
  const written = context.positions.keys(context.manifest.component ?? {});
  const hint = didYouMean(component, written) || `; add [component.${component}]`;
  const at = context.positions.valueAt(table, "component");
  context.problems.add("manifest", at, `unknown component "${component}"${hint}`);
  return undefined;
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

function staticTarget(
  response: ManifestHttpTrigger["static_response"],
  { positions, problems }: ManifestContext,
): HttpTrigger["target"] | undefined {
  if (response === undefined) return undefined;
  const headers = response.headers ?? {};
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch (error) {
      problems.add("manifest", positions.keyAt(headers, name), `bad header: ${errorText(error)}`);
    }
  }
  return {
    kind: "static",
    status: response.status_code ?? 200,
    headers: Object.entries(headers),
    body: new TextEncoder().encode(response.body ?? ""),
  };
}

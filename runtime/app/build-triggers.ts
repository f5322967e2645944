import { errorText } from "../error.ts";
import { nodeHttp } from "../node-http.ts";
import type { AppVariable, EventTrigger, HttpTrigger } from "./app.ts";
import { buildEventTriggers } from "./build-event-triggers.ts";
import type { ManifestContext } from "./manifest-context.ts";
import type { ManifestDependency, ManifestHttpTrigger } from "./manifest.ts";
import { nearestName } from "./nearest-name.ts";
import { triggerComponent, triggerIds, checkTriggerIds } from "./trigger-table.ts";
import type { DeclaredComponents, IdentifiedTrigger } from "./trigger-table.ts";

export interface DeclaredApp {
  readonly httpTriggers: readonly HttpTrigger[];
  readonly eventTriggers: readonly EventTrigger[];
  readonly components: DeclaredComponents;
  /** By ids of HTTP triggers. */
  readonly middleware: ReadonlyMap<string, readonly ManifestDependency[]>;
}

/** Checks `[[trigger.*]]`, names what has no name yet and collects the components. */
export function buildTriggers(
  context: ManifestContext,
  variables: ReadonlyMap<string, AppVariable>,
): DeclaredApp {
  checkTriggerTypes(context);
  const components = declaredComponents(context);
  const tables = context.manifest.trigger?.http ?? [];
  checkTriggerIds(tables, context);
  const ids = triggerIds(tables, "http");
  const httpTriggers: HttpTrigger[] = [];
  const middleware = new Map<string, readonly ManifestDependency[]>();
  for (const [index, table] of tables.entries()) {
    checkTrigger(table, context);
    const id = ids[index] ?? "";
    const target = targetOf({ id, table }, components, context);
    const route = typeof table.route === "string" ? table.route : undefined;
    const origin = context.problems.at(
      route === undefined
        ? context.positions.start(table)
        : context.positions.valueAt(table, "route"),
    );
    if (target !== undefined) httpTriggers.push({ id, route, origin, target });
    const layers = middlewareOf(table, context);
    if (target?.kind === "component" && layers.length > 0) middleware.set(id, layers);
  }
  const eventTriggers = buildEventTriggers({ components, variables }, context);
  return { httpTriggers, eventTriggers, components, middleware };
}

function middlewareOf(
  table: ManifestHttpTrigger,
  { positions, problems }: ManifestContext,
): readonly ManifestDependency[] {
  const roles = table.dependencies ?? {};
  for (const [role, list] of Object.entries(roles)) {
    if (role === "middleware" || list.length === 0) continue;
    const message = `the HTTP trigger's only allowed trigger dependency is "middleware", not "${role}"`;
    problems.add("manifest", positions.keyAt(roles, role), message);
  }
  const layers = roles["middleware"] ?? [];
  if (
    layers.length > 0 &&
    (table.static_response !== undefined || table.executor?.type === "wagi")
  ) {
    const message =
      "middleware stands before a component that answers HTTP, not before this trigger";
    problems.add("manifest", positions.keyAt(roles, "middleware"), message);
  }
  return layers;
}

function declaredComponents(context: ManifestContext): DeclaredComponents {
  const tables = context.manifest.component ?? {};
  return new Map(
    Object.entries(tables).map(([id, table]) => [
      id,
      { id, table, idPosition: context.positions.keyAt(tables, id) },
    ]),
  );
}

const triggerTypes: readonly string[] = ["http", "redis", "mqtt", "sqs", "cron", "command"];

function checkTriggerTypes({ manifest, positions, problems }: ManifestContext): void {
  const byType = manifest.trigger ?? {};
  for (const type of Object.keys(byType)) {
    if (triggerTypes.includes(type)) continue;
    problems.add(
      "unsupported",
      positions.valueAt(byType, type),
      `trigger type "${type}" is not supported; ${triggerTypes.join(", ")} are`,
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

function checkTrigger(table: ManifestHttpTrigger, context: ManifestContext): void {
  const { positions, problems } = context;
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
  const { executor } = table;
  if (executor === undefined || executor.type === "http" || executor.type === "spin") return;
  const at = positions.valueAt(executor, "type");
  if (executor.type !== "wagi") {
    problems.add("manifest", at, `unknown executor type "${executor.type}"; use "http" or "wagi"`);
  } else if (executor.entrypoint !== undefined && executor.entrypoint !== "_start") {
    problems.add(
      "unsupported",
      positions.valueAt(executor, "entrypoint"),
      'the entrypoint of a WAGI program is "_start"; remove the key',
    );
  }
}

/** As Spin has it. */
const wagiArgvDefault = "${SCRIPT_NAME} ${ARGS}";

function targetOf(
  trigger: IdentifiedTrigger<ManifestHttpTrigger>,
  components: DeclaredComponents,
  context: ManifestContext,
): HttpTrigger["target"] | undefined {
  const { table } = trigger;
  if (table.component === undefined) return staticTarget(table.static_response, context);
  const component = triggerComponent(trigger, components, context);
  if (component === undefined) return undefined;
  if (table.executor?.type !== "wagi") return { kind: "component", component };
  return { kind: "component", component, wagi: { argv: table.executor.argv ?? wagiArgvDefault } };
}

function staticTarget(
  response: ManifestHttpTrigger["static_response"],
  { positions, problems }: ManifestContext,
): HttpTrigger["target"] | undefined {
  if (response === undefined) return undefined;
  const headers = response.headers ?? {};
  for (const [name, value] of Object.entries(headers)) {
    try {
      nodeHttp.validateHeaderName(name);
      nodeHttp.validateHeaderValue(name, value);
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

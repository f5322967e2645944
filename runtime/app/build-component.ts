import type { AppComponent } from "./app.ts";
import { buildDependencies } from "./build-dependencies.ts";
import { buildFiles } from "./build-files.ts";
import { buildOutboundHosts } from "./build-outbound-hosts.ts";
import type { ComponentSurroundings } from "./build-outbound-hosts.ts";
import { resolveSource, sourceOf } from "./build-source.ts";
import { checkVariableName, checkTemplate } from "./build-variables.ts";
import { isComponentId, isStoreLabel } from "./component-id.ts";
import type { ManifestContext } from "./manifest-context.ts";
import type { ManifestComponent } from "./manifest.ts";
import { buildWarm } from "./warm-settings.ts";
import type { DeclaredComponent, DeclaredComponents } from "./trigger-table.ts";

/** Checks one component and resolves what it names; mistakes go to the context's problems. */
export async function buildComponent(
  declared: DeclaredComponent,
  {
    components,
    ...surroundings
  }: ComponentSurroundings & { readonly components: DeclaredComponents },
  context: ManifestContext,
): Promise<AppComponent> {
  const { id, table } = declared;
  checkId(declared, context);
  const { positions, problems } = context;
  const dependencies = await buildDependencies(declared, components, context);
  return {
    id,
    sourcePath: await resolveSource(sourceOf(table, context), context),
    sourceOrigin: `${problems.fileName}:${positions.valueAt(table, "source").line}`,
    environment: checkedEnvironment(table, context),
    files: await buildFiles(table, context),
    allowedOutboundHosts: buildOutboundHosts(table, surroundings, context),
    variables: checkedVariables(table, surroundings, context),
    keyValueStores: checkedLabels(table, "key_value_stores", context),
    sqliteDatabases: checkedLabels(table, "sqlite_databases", context),
    aiModels: table.ai_models ?? [],
    ...(dependencies.length > 0 && { dependencies }),
    ...buildWarm(table, context),
  };
}

function checkId({ id, idPosition }: DeclaredComponent, { problems }: ManifestContext): void {
  if (idPosition === undefined || isComponentId(id)) return;
  problems.add(
    "manifest",
    idPosition,
    `"${id}" is not a component id; use words of letters and digits joined by "-", all lower or all upper case`,
  );
}

function checkedEnvironment(
  table: ManifestComponent,
  { positions, problems }: ManifestContext,
): [string, string][] {
  const environment = table.environment ?? {};
  for (const [name, value] of Object.entries(environment)) {
    if (name !== "" && !/[=\0]/.test(name) && !value.includes("\0")) continue;
    problems.add(
      "manifest",
      positions.keyAt(environment, name),
      `environment variable "${name}" cannot exist; its name needs a character and no "=" or NUL, its value no NUL`,
    );
  }
  return Object.entries(environment);
}

function checkedVariables(
  table: ManifestComponent,
  { variables }: ComponentSurroundings,
  context: ManifestContext,
): ReadonlyMap<string, string> {
  const templates = table.variables ?? {};
  for (const [name, text] of Object.entries(templates)) {
    checkVariableName(name, context.positions.keyAt(templates, name), context);
    const at = context.positions.valueAt(templates, name);
    checkTemplate({ text, at }, variables, context);
  }
  return new Map(Object.entries(templates));
}

function checkedLabels(
  table: ManifestComponent,
  key: "key_value_stores" | "sqlite_databases",
  { positions, problems }: ManifestContext,
): readonly string[] {
  const labels = table[key] ?? [];
  for (const [index, label] of labels.entries()) {
    if (isStoreLabel(label)) continue;
    problems.add(
      "manifest",
      positions.valueAt(labels, index),
      `"${label}" in ${key} is not a label; use words of letters and digits joined by "-" or "_", like "default"`,
    );
  }
  return labels;
}

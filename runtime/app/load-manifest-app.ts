import type { App, ComposedPart } from "./app.ts";
import { assignMiddleware } from "./assign-middleware.ts";
import { buildComponent } from "./build-component.ts";
import { buildMiddleware } from "./build-dependencies.ts";
import { buildTriggers } from "./build-triggers.ts";
import type { DeclaredApp } from "./build-triggers.ts";
import { buildVariables } from "./build-variables.ts";
import type { LoadOptions } from "./load-options.ts";
import type { ManifestContext } from "./manifest-context.ts";
import type { Manifest, ManifestComponent } from "./manifest.ts";
import { readManifestFile, withManifest } from "./read-manifest.ts";
import type { ManifestText } from "./read-manifest.ts";

/** An app and the tables that it was made of. */
export interface BuiltManifest {
  readonly app: App;
  readonly manifest: Manifest;
  /** By id, those inside triggers too. */
  readonly tables: ReadonlyMap<string, ManifestComponent>;
}

/**
 * Loads the app of a manifest file.
 * @throws WhorlError `manifest`, `unsupported` or `file` with one line `file:line:column: ...` per
 * problem; `limit` if the file is too large.
 */
export async function loadManifestApp(path: string, options: LoadOptions = {}): Promise<App> {
  const { app } = await buildManifest(await readManifestFile(path), options);
  return app;
}

/** Makes the app of a manifest. Rejects as {@link loadManifestApp} does. */
export function buildManifest(text: ManifestText, options: LoadOptions): Promise<BuiltManifest> {
  return withManifest(text, options, buildApp);
}

async function buildApp(context: ManifestContext): Promise<BuiltManifest> {
  const { manifest, problems } = context;
  const variables = buildVariables(context);
  const declared = buildTriggers(context, variables);
  const surroundings = {
    variables,
    componentIds: [...declared.components.keys()],
    components: declared.components,
  };
  const components = await Promise.all(
    [...declared.components.values()].map(
      async (component) =>
        [component.id, await buildComponent(component, surroundings, context)] as const,
    ),
  );
  const { name, version, description } = manifest.application;
  const middleware = await buildAllMiddleware(declared, context);
  const app: App = {
    name,
    version: version === "" ? undefined : version,
    description: description === "" ? undefined : description,
    ociImageDigest: undefined,
    directory: context.directory,
    variables,
    ...assignMiddleware({ ...declared, components: new Map(components) }, middleware),
    warnings: problems.warnings,
  };
  const tables = [...declared.components].map(([id, { table }]) => [id, table] as const);
  return { app, manifest, tables: new Map(tables) };
}

async function buildAllMiddleware(
  { middleware, components }: DeclaredApp,
  context: ManifestContext,
): Promise<ReadonlyMap<string, readonly ComposedPart[]>> {
  const built = new Map<string, readonly ComposedPart[]>();
  for (const [trigger, tables] of middleware) {
    built.set(trigger, await buildMiddleware(trigger, tables, components, context));
  }
  return built;
}

import { pathToFileURL } from "node:url";
import type {
  LockedApp,
  LockedComponent,
  LockedDependency,
  LockedFile,
  LockedSource,
  LockedTrigger,
  Values,
} from "../image/locked-document.ts";
import type { App, AppComponent, ComposedPart } from "./app.ts";
import { writtenOutboundHosts } from "./build-outbound-hosts.ts";
import { buildManifest } from "./load-manifest-app.ts";
import type { BuiltManifest } from "./load-manifest-app.ts";
import type { LoadOptions } from "./load-options.ts";
import type { Manifest, ManifestComponent, ManifestTrigger } from "./manifest.ts";
import { readManifestFile } from "./read-manifest.ts";
import { triggerIds } from "./trigger-table.ts";

/**
 * Locks the app of a manifest: ids made, files found, templates left as they are, so that
 * variables get their values where the app runs. Contents are named by `file:` URLs.
 * @throws WhorlError as `loadManifestApp` does.
 */
export async function lockManifest(path: string, options: LoadOptions = {}): Promise<LockedApp> {
  const built = await buildManifest(await readManifestFile(path), options);
  return lock(built, options.profile);
}

function lock(built: BuiltManifest, profile: string | undefined): LockedApp {
  const { app, manifest, tables } = built;
  const components = [...app.components.values()].map((component) =>
    lockComponent(component, tables.get(component.declaredId ?? component.id)),
  );
  const needsHost = components.some(({ host_requirements }) => host_requirements !== undefined);
  const variables = lockVariables(manifest);
  return {
    spin_lock_version: needsHost ? 1 : 0,
    ...(needsHost && { must_understand: ["component_host_requirements"] }),
    metadata: appMetadata(manifest, profile),
    ...(Object.keys(variables).length > 0 && { variables }),
    triggers: lockTriggers(manifest, app),
    components,
  };
}

/** Keys sorted, empty values left out, as Spin writes them. */
function appMetadata(manifest: Manifest, profile: string | undefined): Values {
  const { name, version, description, authors = [], trigger = {} } = manifest.application;
  const types = Object.keys(manifest.trigger ?? {});
  const [only] = types;
  const settings = trigger as Values;
  return sortedKeys({
    ...(authors.length > 0 && { authors }),
    ...(description !== undefined && description !== "" && { description }),
    name,
    ...(profile !== undefined && { profile }),
    ...(only !== undefined &&
      types.length === 1 && {
        trigger: sortedKeys({ ...(settings[only] as Values | undefined), type: only }),
      }),
    triggers: sortedKeys(settings),
    ...(version !== undefined && version !== "" && { version }),
  });
}

function lockVariables(manifest: Manifest): NonNullable<LockedApp["variables"]> {
  const entries = Object.entries(manifest.variables ?? {}).map(
    ([name, { description, default: value, secret }]) => [
      name,
      {
        ...(description !== undefined && { description }),
        ...(value !== undefined && { default: value }),
        ...(secret === true && { secret }),
      },
    ],
  );
  return sortedKeys(Object.fromEntries(entries) as Record<string, object>);
}

function lockTriggers(manifest: Manifest, app: App): LockedTrigger[] {
  return Object.entries(manifest.trigger ?? {}).flatMap(([type, list]) => {
    const tables = list as readonly ManifestTrigger[];
    const ids = triggerIds(tables, type);
    return tables.map((table, index): LockedTrigger => {
      const id = ids[index] ?? "";
      const { id: _i, component: _c, components: _o, dependencies: _d, ...config } = table;
      const component = calledComponent(app, type, id);
      return {
        id,
        trigger_type: type,
        trigger_config: sortedKeys({ ...config, ...(component !== undefined && { component }) }),
      };
    });
  });
}

/** Which component a trigger got, also where it was copied for its middleware. */
function calledComponent(
  { httpTriggers, eventTriggers }: App,
  type: string,
  id: string,
): string | undefined {
  if (type !== "http") {
    return eventTriggers.find((each) => each.kind === type && each.id === id)?.component;
  }
  const target = httpTriggers.find((each) => each.id === id)?.target;
  return target?.kind === "component" ? target.component : undefined;
}

function lockComponent(
  component: AppComponent,
  table: ManifestComponent | undefined,
): LockedComponent {
  const { id, sourcePath, environment, variables, dependencies = [], middleware = [] } = component;
  const metadata = componentMetadata(component, table);
  const files = component.files.map(lockFile).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const requirements = {
    ...(writtenHosts(table).some(isChaining) && { local_service_chaining: "required" }),
    ...(middleware.length > 0 && { middleware: "required" }),
  };
  const locked = dependencies.map((each) => [each.name, lockPart(each, each.export)] as const);
  return {
    id,
    ...(Object.keys(metadata).length > 0 && { metadata }),
    source: lockSource(sourcePath),
    ...(environment.length > 0 && { env: sortedKeys(Object.fromEntries(environment)) }),
    ...(files.length > 0 && { files }),
    ...(variables.size > 0 && { config: sortedKeys(Object.fromEntries(variables)) }),
    ...(locked.length > 0 && { dependencies: sortedKeys(Object.fromEntries(locked)) }),
    ...(middleware.length > 0 && {
      trigger_dependencies: { middleware: middleware.map((each) => lockPart(each, undefined)) },
    }),
    ...(Object.keys(requirements).length > 0 && { host_requirements: requirements }),
  };
}

function componentMetadata(
  { aiModels, keyValueStores, sqliteDatabases, middleware = [] }: AppComponent,
  table: ManifestComponent | undefined,
): Values {
  const lists = {
    ai_models: aiModels,
    allowed_outbound_hosts: writtenHosts(table),
    databases: sqliteDatabases,
    key_value_stores: keyValueStores,
  };
  const present = Object.entries(lists).filter(([, list]) => list.length > 0);
  const { build, description = "", tool } = table ?? {};
  return sortedKeys({
    ...Object.fromEntries(present),
    ...(build !== undefined && { build }),
    ...(description !== "" && { description }),
    ...(middleware.length > 0 && { "resolve-trigger-dependencies-using": "http" }),
    // Not Spin's: there only where the manifest has it.
    ...(tool?.whorl !== undefined && { whorl: tool.whorl }),
  });
}

/** With `*.spin.internal`, which the app has written out. */
function writtenHosts(table: ManifestComponent | undefined): string[] {
  return table === undefined ? [] : writtenOutboundHosts(table);
}

function isChaining(host: string): boolean {
  return /^(?:https?|\*):\/\/[^/:]*\.spin\.internal(?::|\/|$)/.test(host.trim());
}

function lockPart(
  { sourcePath, inherit }: ComposedPart,
  name: string | undefined,
): LockedDependency {
  return {
    source: lockSource(sourcePath),
    export: name ?? null,
    ...(inherit === "all" && { inherit: "All" as const }),
    ...(inherit !== "all" && inherit.length > 0 && { inherit: { Some: inherit } }),
  };
}

function lockSource(path: string): LockedSource {
  return { content_type: "application/wasm", source: pathToFileURL(path).href };
}

function lockFile({ hostPath, guestPath }: AppComponent["files"][number]): LockedFile {
  return { source: pathToFileURL(hostPath).href, path: guestPath };
}

function sortedKeys<T extends object>(object: T): T {
  const entries = Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries) as T;
}

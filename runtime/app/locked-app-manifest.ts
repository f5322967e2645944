import { WhorlError } from "../error.ts";
import { isComponentId, toComponentId } from "./component-id.ts";
import { formatToml } from "./locked-app-toml.ts";
import type {
  LockedApp,
  LockedComponent,
  LockedContent,
  LockedDependency,
  LockedTrigger,
  LockedVariable,
  Values,
} from "../image/locked-document.ts";

/** A manifest that says what a locked app says, and the files that have to be beside it. */
export interface UnlockedManifest {
  readonly toml: string;
  /** Contents by their paths relative to the manifest. */
  readonly files: ReadonlyMap<string, LockedContent>;
}

/** Path of some content that is a file already. */
export type ContentPath = (content: LockedContent) => string;

/**
 * Turns a locked app back into a manifest, so that one loader gives the app its meaning. Each
 * component gets its source as `components/ID.wasm` and its files below `files/ID`.
 * @param where what the messages call the locked app.
 * @param pathOf where components are already; files are left out of the manifest then.
 * @throws WhorlError `image` if ids or paths of files occur twice or are dangerous.
 */
export function unlockManifest(
  app: LockedApp,
  where: string,
  pathOf?: ContentPath,
): UnlockedManifest {
  const unlocking = new Unlocking(app, where, pathOf);
  const { metadata = {} } = app;
  const manifest = {
    spin_manifest_version: 2,
    application: {
      name: textOr(metadata["name"], "app"),
      version: metadata["version"],
      description: metadata["description"],
      authors: metadata["authors"],
      trigger: globalTriggers(metadata),
    },
    variables: mapValues(app.variables ?? {}, unlockVariable),
    trigger: groupTriggers(app.triggers, (trigger) => unlocking.trigger(trigger)),
    component: Object.fromEntries(app.components.map((each) => unlocking.component(each))),
  };
  return { toml: formatToml(manifest), files: unlocking.files };
}

class Unlocking {
  readonly files = new Map<string, LockedContent>();
  readonly #where: string;
  readonly #ids: ReadonlyMap<string, string>;
  readonly #base: string;
  readonly #pathOf: ContentPath | undefined;
  /** Middleware as Spin keeps it: with the component that it stands before. */
  readonly #inFront: ReadonlyMap<string, LockedComponent["trigger_dependencies"]>;

  constructor(app: LockedApp, where: string, pathOf: ContentPath | undefined) {
    this.#where = where;
    this.#pathOf = pathOf;
    this.#ids = new Map(app.components.map(({ id }) => [id, unlockedId(id)]));
    this.#inFront = new Map(
      app.components.map(({ id, trigger_dependencies: inner }) => [id, inner]),
    );
    if (new Set(this.#ids.values()).size < app.components.length) {
      throw new WhorlError("image", `${where} has two components with the same id`);
    }
    this.#base = basePath(app.metadata ?? {});
  }

  trigger({ id, trigger_config: config, trigger_dependencies: own }: LockedTrigger): Values {
    const { component, route } = config;
    const inner = own ?? (typeof component === "string" ? this.#inFront.get(component) : undefined);
    return {
      ...config,
      id,
      ...(typeof component === "string" && { component: this.#ids.get(component) ?? component }),
      ...(typeof route === "string" && { route: joinRoute(this.#base, route) }),
      ...(inner !== undefined && { dependencies: this.#dependencyLists(id, inner) }),
    };
  }

  component(component: LockedComponent): [string, Values] {
    const { metadata = {}, source, env, files = [], config, dependencies } = component;
    const id = this.#ids.get(component.id) ?? component.id;
    const path = this.#place(`components/${id}.wasm`, source);
    const folder = `files/${id}`;
    const isMounted = this.#pathOf === undefined && files.length > 0;
    if (isMounted) for (const file of files) this.#addFile(folder, file, component.id);
    const hosts = metadata["allowed_outbound_hosts"];
    return [
      id,
      {
        description: metadata["description"],
        source: path,
        environment: env,
        files: isMounted ? [{ source: folder, destination: "/" }] : undefined,
        variables: config,
        allowed_outbound_hosts: hosts,
        allowed_http_hosts: hosts === undefined ? metadata["allowed_http_hosts"] : undefined,
        key_value_stores: metadata["key_value_stores"],
        sqlite_databases: metadata["databases"],
        ai_models: metadata["ai_models"],
        tool: metadata["whorl"] === undefined ? undefined : { whorl: metadata["whorl"] },
        dependencies: this.#dependencies(id, dependencies),
      },
    ];
  }

  #addFile(folder: string, file: LockedContent & { readonly path: string }, id: string): void {
    const segments = file.path.split("/").filter((segment) => segment !== "" && segment !== ".");
    const isSafe = segments.length > 0 && !segments.includes("..") && !file.path.includes("\0");
    const shown = JSON.stringify(file.path.slice(0, 200));
    if (!isSafe) {
      throw new WhorlError(
        "image",
        `${this.#where}: a file of component "${id}" has the path ${shown}, which leads out of its folder; do not trust it`,
      );
    }
    const path = `${folder}/${segments.join("/")}`;
    const known = this.files.get(path);
    if (known !== undefined && known.digest !== file.digest) {
      throw new WhorlError(
        "image",
        `${this.#where}: component "${id}" has the file ${shown} twice`,
      );
    }
    this.files.set(path, file);
  }

  #dependencies(
    id: string,
    dependencies: Readonly<Record<string, LockedDependency>> | undefined,
  ): Values | undefined {
    if (dependencies === undefined || Object.keys(dependencies).length === 0) return undefined;
    const entries = Object.entries(dependencies);
    return Object.fromEntries(
      entries.map(([name, dependency], index) => [
        name,
        this.#dependency(`components/${id}.dependency-${index}.wasm`, dependency),
      ]),
    );
  }

  #dependencyLists(
    id: string,
    lists: Readonly<Record<string, readonly LockedDependency[]>>,
  ): Values {
    return mapValues(lists, (list, role) =>
      list.map((dependency, index) =>
        this.#dependency(`components/${toComponentId(id)}.${role}-${index}.wasm`, dependency),
      ),
    );
  }

  /** Where a component will be found. */
  #place(path: string, content: LockedContent): string {
    if (this.#pathOf !== undefined) return this.#pathOf(content);
    // Ids that differ can be alike as names of files.
    let free = path;
    for (let counter = 2; this.files.has(free); counter++) {
      free = path.replace(/\.wasm$/, `-${counter}.wasm`);
    }
    this.files.set(free, content);
    return free;
  }

  #dependency(path: string, { source, export: name, inherit }: LockedDependency): Values {
    return {
      path: this.#place(path, source),
      ...(name !== null && { export: name }),
      ...(inherit === "All" && { inherit_configuration: true }),
      ...(typeof inherit === "object" && { inherit_configuration: inherit.Some }),
    };
  }
}

/** The id that a component has in the manifest. */
export function unlockedId(id: string): string {
  return isComponentId(id) ? id : toComponentId(id);
}

function unlockVariable({ description, default: value, secret }: LockedVariable): Values {
  return {
    description,
    secret,
    ...(value === undefined ? { required: true } : { default: value }),
  };
}

function groupTriggers(
  triggers: readonly LockedTrigger[],
  unlock: (trigger: LockedTrigger) => Values,
): Record<string, Values[]> {
  const byType: Record<string, Values[]> = {};
  for (const trigger of triggers) (byType[trigger.trigger_type] ??= []).push(unlock(trigger));
  return byType;
}

/** Settings for all triggers of a type; older apps have one type and name it inside. */
function globalTriggers(metadata: Values): Values | undefined {
  const { triggers, trigger } = metadata as {
    readonly triggers?: unknown;
    readonly trigger?: unknown;
  };
  if (isObject(triggers)) return withoutBase(triggers);
  if (!isObject(trigger)) return undefined;
  const { type, ...settings } = trigger;
  return typeof type === "string" ? withoutBase({ [type]: settings }) : undefined;
}

/** The base path is part of each route already. */
function withoutBase(triggers: Values): Values | undefined {
  const entries = Object.entries(triggers).flatMap(([type, settings]): [string, Values][] => {
    if (!isObject(settings)) return [];
    const { base: _base, ...rest } = settings;
    return Object.keys(rest).length === 0 ? [] : [[type, rest]];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function basePath(metadata: Values): string {
  const { triggers, trigger } = metadata as {
    readonly triggers?: unknown;
    readonly trigger?: unknown;
  };
  const http = isObject(triggers) ? triggers["http"] : trigger;
  const base = isObject(http) ? http["base"] : undefined;
  return typeof base === "string" ? base.replace(/\/+$/, "") : "";
}

function joinRoute(base: string, route: string): string {
  if (base === "") return route;
  return `${base}${route.startsWith("/") ? "" : "/"}${route}`;
}

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === "string" && value !== "" ? value : otherwise;
}

function mapValues<T, U>(
  record: Readonly<Record<string, T>>,
  change: (value: T, key: string) => U,
): Record<string, U> {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, change(value, key)]),
  );
}

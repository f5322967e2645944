import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { errorText, WhorlError } from "../error.ts";
import type { App, AppComponent } from "./app.ts";
import { toComponentId } from "./component-id.ts";
import type { LoadOptions } from "./load-options.ts";

const manifestName = "spin.toml";

/**
 * Loads the app at a path: a manifest (`*.toml`), a locked application (`spin.lock`, `*.json`), a
 * component (`*.wasm`, which gets the route `/...`), or a directory with a `spin.toml` or exactly
 * one `.wasm` file.
 * @throws WhorlError `manifest`, `unsupported` or `file`, for a locked application also `image`;
 * for a manifest one line per problem, each with `file:line:column`.
 */
export async function loadApp(path: string, options: LoadOptions = {}): Promise<App> {
  const found = await statOf(path);
  if (found.isDirectory()) return loadDirectory(path, options);
  switch (extname(path)) {
    case ".toml":
      return loadManifest(path, options);
    case ".lock":
    case ".json":
      return loadLocked(path, options);
    case ".wasm":
      return loadComponentFile(path, options);
    default:
      throw new WhorlError(
        "file",
        `${path} is neither a manifest (.toml), a locked application (.lock, .json) nor a component (.wasm); name one of these, or a directory with a ${manifestName}`,
      );
  }
}

async function statOf(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    throw new WhorlError(
      "file",
      `${path} does not exist or cannot be read; name a directory, a ${manifestName} or a .wasm file`,
      { cause: error },
    );
  }
}

async function loadDirectory(directory: string, options: LoadOptions): Promise<App> {
  const names = await readdir(directory).catch((error: unknown) => {
    throw new WhorlError("file", `cannot list ${directory}: ${errorText(error)}`, { cause: error });
  });
  if (names.includes(manifestName)) return loadManifest(join(directory, manifestName), options);
  const components = names.filter((name) => extname(name) === ".wasm").toSorted();
  const [only] = components;
  if (only === undefined) {
    throw new WhorlError(
      "file",
      `${directory} has neither a ${manifestName} nor a .wasm file; name the directory of an app`,
    );
  }
  if (components.length > 1) {
    throw new WhorlError(
      "file",
      `${directory} has no ${manifestName} but several components (${components.join(", ")}); name one of them`,
    );
  }
  return loadComponentFile(join(directory, only), options);
}

function loadComponentFile(path: string, { profile }: LoadOptions): App {
  if (profile !== undefined) {
    throw new WhorlError(
      "manifest",
      `profile "${profile}" is not defined in this application: ${path} is a component alone`,
    );
  }
  const name = basename(path, ".wasm");
  const id = toComponentId(name);
  const component: AppComponent = {
    id,
    sourcePath: resolve(path),
    sourceOrigin: path,
    environment: [],
    files: [],
    allowedOutboundHosts: [],
    variables: new Map(),
    keyValueStores: [],
    sqliteDatabases: [],
    aiModels: [],
  };
  return {
    name,
    version: undefined,
    description: undefined,
    ociImageDigest: undefined,
    directory: dirname(resolve(path)),
    variables: new Map(),
    components: new Map([[id, component]]),
    httpTriggers: [
      { id: `${id}-http-trigger`, route: "/...", target: { kind: "component", component: id } },
    ],
    eventTriggers: [],
    warnings: [],
  };
}

async function loadManifest(path: string, options: LoadOptions): Promise<App> {
  // The parser and the schema take longer to load than everything else together, and an app of
  // one component needs neither.
  const { loadManifestApp } = await import("./load-manifest-app.ts");
  return loadManifestApp(path, options);
}

async function loadLocked(path: string, options: LoadOptions): Promise<App> {
  const { loadLockedApp } = await import("./load-locked-app.ts");
  return loadLockedApp(path, options);
}

import type { Stats } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type { App, AppComponent } from "./app.ts";
import { buildComponent } from "./build-component.ts";
import { buildTriggers } from "./build-triggers.ts";
import { buildVariables } from "./build-variables.ts";
import { checkShape } from "./check-shape.ts";
import { toComponentId } from "./component-id.ts";
import type { ManifestContext } from "./manifest-context.ts";
import { ManifestProblems } from "./manifest-problems.ts";
import { parseTomlDocument, TomlSyntaxError } from "./toml-document.ts";
import type { TomlTable } from "./toml-document.ts";

const manifestName = "spin.toml";

/**
 * Loads the app at a path: a manifest (`*.toml`), a component (`*.wasm`, which gets the route
 * `/...`), or a directory with a `spin.toml` or exactly one `.wasm` file.
 * @throws WhorlError `manifest`, `unsupported` or `file`; for a manifest one line per problem,
 * each with `file:line:column`.
 */
export async function loadApp(path: string): Promise<App> {
  const found = await statOf(path);
  if (found.isDirectory()) return loadDirectory(path);
  switch (extname(path)) {
    case ".toml":
      return loadManifest(path);
    case ".wasm":
      return loadComponentFile(path);
    default:
      throw new WhorlError(
        "file",
        `${path} is neither a manifest (.toml) nor a component (.wasm); name one of these, or a directory with a ${manifestName}`,
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

async function loadDirectory(directory: string): Promise<App> {
  const names = await readdir(directory).catch((error: unknown) => {
    throw new WhorlError("file", `cannot list ${directory}: ${errorText(error)}`, { cause: error });
  });
  if (names.includes(manifestName)) return loadManifest(join(directory, manifestName));
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
  return loadComponentFile(join(directory, only));
}

function loadComponentFile(path: string): App {
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
    variables: new Map(),
    components: new Map([[id, component]]),
    httpTriggers: [
      { id: `${id}-http-trigger`, route: "/...", target: { kind: "component", component: id } },
    ],
    warnings: [],
  };
}

async function loadManifest(path: string): Promise<App> {
  const text = await readManifest(path);
  const problems = new ManifestProblems(path);
  const root = parseOrReport(text, problems);
  const shaped = root && checkShape(root, problems);
  const context = shaped && { ...shaped, problems, directory: resolve(dirname(path)) };
  const app = context && (await buildApp(context));
  problems.throwIfAny();
  if (app === undefined) throw new Error(`${path}: refused without a reason`);
  return app;
}

async function readManifest(path: string): Promise<string> {
  const { size } = await statOf(path);
  if (size > limits.manifestBytesMax) {
    throw new WhorlError(
      "limit",
      `${path} has ${size} bytes; a manifest may have ${limits.manifestBytesMax}`,
    );
  }
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new WhorlError("file", `cannot read ${path}: ${errorText(error)}`, { cause: error });
  });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new WhorlError("manifest", `${path} is not UTF-8 text; save it as UTF-8`, {
      cause: error,
    });
  }
}

function parseOrReport(text: string, problems: ManifestProblems): TomlTable | undefined {
  try {
    return parseTomlDocument(text);
  } catch (error) {
    if (!(error instanceof TomlSyntaxError)) throw error;
    problems.add("manifest", error.position, error.message);
    return undefined;
  }
}

async function buildApp(context: ManifestContext): Promise<App> {
  const { manifest, problems } = context;
  const variables = buildVariables(context);
  const declared = buildTriggers(context);
  const surroundings = { variables, componentIds: [...declared.components.keys()] };
  const components = await Promise.all(
    [...declared.components.values()].map(
      async (component) =>
        [component.id, await buildComponent(component, surroundings, context)] as const,
    ),
  );
  const { name, version, description } = manifest.application;
  return {
    name,
    version: version === "" ? undefined : version,
    description: description === "" ? undefined : description,
    ociImageDigest: undefined,
    variables,
    components: new Map(components),
    httpTriggers: declared.triggers,
    warnings: problems.warnings,
  };
}

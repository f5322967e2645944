import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type { App } from "./app.ts";
import { buildComponent } from "./build-component.ts";
import { buildTriggers } from "./build-triggers.ts";
import { buildVariables } from "./build-variables.ts";
import { checkShape } from "./check-shape.ts";
import type { ManifestContext } from "./manifest-context.ts";
import { ManifestProblems } from "./manifest-problems.ts";
import { parseTomlDocument, TomlSyntaxError } from "./toml-document.ts";
import type { TomlTable } from "./toml-document.ts";
import { upgradeManifest } from "./upgrade-manifest.ts";

/**
 * Loads the app of a manifest file.
 * @throws WhorlError `manifest`, `unsupported` or `file` with one line `file:line:column: ...` per
 * problem; `limit` if the file is too large.
 */
export async function loadManifestApp(path: string): Promise<App> {
  const text = await readManifest(path);
  const problems = new ManifestProblems(path);
  const root = parseOrReport(text, problems);
  const shaped = root && checkShape(upgradeManifest(root, problems), problems);
  const context = shaped && { ...shaped, problems, directory: resolve(dirname(path)) };
  const app = context && (await buildApp(context));
  problems.throwIfAny();
  if (app === undefined) throw new Error(`${path}: refused without a reason`);
  return app;
}

async function readManifest(path: string): Promise<string> {
  const { size } = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (size > limits.manifestBytesMax) {
    throw new WhorlError(
      "limit",
      `${path} has ${size} bytes; a manifest may have ${limits.manifestBytesMax}`,
    );
  }
  const bytes = await readFile(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new WhorlError("manifest", `${path} is not UTF-8 text; save it as UTF-8`, {
      cause: error,
    });
  }
}

function unreadable(path: string, error: unknown): WhorlError {
  const message = `cannot read ${path}: ${errorText(error)}; name a manifest that exists`;
  return new WhorlError("file", message, { cause: error });
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
  const declared = buildTriggers(context, variables);
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
    directory: context.directory,
    variables,
    components: new Map(components),
    httpTriggers: declared.httpTriggers,
    eventTriggers: declared.eventTriggers,
    warnings: problems.warnings,
  };
}

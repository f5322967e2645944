import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import { applyProfile } from "./apply-profile.ts";
import { checkShape, type ShapedManifest } from "./check-shape.ts";
import type { ComponentSources, RemoteSource } from "./component-sources.ts";
import type { LoadOptions } from "./load-options.ts";
import type { ManifestContext } from "./manifest-context.ts";
import { ManifestProblems } from "./manifest-problems.ts";
import { parseTomlDocument, TomlSyntaxError } from "./toml-document.ts";
import { upgradeManifest } from "./upgrade-manifest.ts";

/** A manifest that was not looked at yet. */
export interface ManifestText {
  /** What messages call it. */
  readonly name: string;
  readonly text: string;
  /** Absolute; paths in the manifest are relative to here. */
  readonly directory: string;
}

/**
 * Reads the text of a manifest file.
 * @throws WhorlError `file`, `manifest` if it is no text, `limit` if it is too large.
 */
export async function readManifestFile(path: string): Promise<ManifestText> {
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
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { name: path, text, directory: resolve(dirname(path)) };
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

/**
 * Parses a manifest of any version, applies the profile and checks the shape. Everything wrong goes
 * to `problems`; undefined if nothing useful is left.
 */
export function parseManifest(
  text: string,
  profile: string | undefined,
  problems: ManifestProblems,
): ShapedManifest | undefined {
  try {
    const root = upgradeManifest(parseTomlDocument(text), problems);
    return checkShape(applyProfile(root, profile, problems), problems);
  } catch (error) {
    if (!(error instanceof TomlSyntaxError)) throw error;
    problems.add("manifest", error.position, error.message);
    return undefined;
  }
}

/**
 * Parses a manifest and gives it to `build`. Everything that is wrong is collected on the way.
 * @throws WhorlError `manifest`, `unsupported` or `file` with one line `file:line:column: ...` per
 * problem.
 */
export async function withManifest<T>(
  { name, text, directory }: ManifestText,
  options: LoadOptions,
  build: (context: ManifestContext) => Promise<T>,
): Promise<T> {
  const problems = new ManifestProblems(name);
  const shaped = parseManifest(text, options.profile, problems);
  await using remote = new RemoteSources(options);
  const fetchSource = (source: RemoteSource): Promise<string> => remote.fetch(source);
  const built = shaped && { value: await build({ ...shaped, problems, directory, fetchSource }) };
  problems.throwIfAny();
  if (built === undefined) throw new Error(`${name}: refused without a reason`);
  return built.value;
}

/** Clients of registries take longer to load than all the rest: most apps never need them. */
class RemoteSources implements AsyncDisposable {
  readonly #options: LoadOptions;
  #opened: Promise<ComponentSources> | undefined;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  async fetch(source: RemoteSource): Promise<string> {
    const { sources } = this.#options;
    if (sources === undefined) {
      const form = source.kind === "url" ? "a URL" : "a registry";
      throw new WhorlError(
        "unsupported",
        `components are not fetched from ${form} here; download it and write source = "file.wasm"`,
      );
    }
    this.#opened ??= import("./component-sources.ts").then(
      (module) => new module.ComponentSources(sources),
    );
    return (await this.#opened).fetch(source);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#opened)?.[Symbol.asyncDispose]();
  }
}

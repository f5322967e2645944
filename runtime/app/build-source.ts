import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { WhorlError } from "../error.ts";
import type { RemoteSource } from "./component-sources.ts";
import type { ManifestContext } from "./manifest-context.ts";
import type { ManifestComponent, ManifestRemoteSource, ManifestSource } from "./manifest.ts";
import type { Position } from "./toml-document.ts";

/** A source of the manifest and where it stands. */
export interface PlacedSource {
  readonly source: ManifestSource | RemoteSource;
  readonly at: Position;
  /** What to do about a file that is absent, behind "; ". */
  readonly hint: string;
}

/** Where a component's source stands. */
export function sourceOf(table: ManifestComponent, { positions }: ManifestContext): PlacedSource {
  return {
    source: table.source,
    at: positions.valueAt(table, "source"),
    hint: buildHint(table),
  };
}

function buildHint({ build }: ManifestComponent): string {
  if (build === undefined) return "build the component first";
  const commands = typeof build.command === "string" ? [build.command] : build.command;
  return `build it first: ${commands.join(" && ")}`;
}

/** Absolute path of a source, fetched if it has to be; `""` if it cannot be had, with the reason reported. */
export async function resolveSource(
  { source, at, hint }: PlacedSource,
  context: ManifestContext,
): Promise<string> {
  const { directory, problems } = context;
  if (typeof source !== "string") return fetchSource(source, at, context);
  const path = resolve(directory, source);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    problems.add("file", at, `source "${source}" does not exist; ${hint}`);
  } else if (!found.isFile()) {
    problems.add("file", at, `source "${source}" is not a file; name the .wasm file`);
  }
  return path;
}

async function fetchSource(
  source: ManifestRemoteSource | RemoteSource,
  at: Position,
  { problems, fetchSource: fetch }: ManifestContext,
): Promise<string> {
  const remote = "kind" in source ? source : remoteSource(source);
  if (remote === undefined) {
    problems.add(
      "manifest",
      at,
      "a source is a path, { url = ..., digest = ... } or { package = ..., version = ..., registry = ... }",
    );
    return "";
  }
  try {
    return await fetch(remote);
  } catch (error) {
    if (!(error instanceof WhorlError)) throw error;
    const { code } = error;
    problems.add(code === "manifest" || code === "unsupported" ? code : "file", at, error.message);
    return "";
  }
}

/** Of a component the version is exact. */
function remoteSource(source: ManifestRemoteSource): RemoteSource | undefined {
  const { url, digest, registry, package: name, version } = source;
  if (url !== undefined && digest !== undefined) {
    const hasMore = registry !== undefined || name !== undefined || version !== undefined;
    return hasMore ? undefined : { kind: "url", url, digest };
  }
  if (url !== undefined || digest !== undefined) return undefined;
  if (name === undefined || version === undefined) return undefined;
  return { kind: "package", registry, package: name, version: `=${version}` };
}

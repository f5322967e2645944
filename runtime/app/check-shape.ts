import type { ErrorObject } from "ajv";
import { limits } from "../limits.ts";
import { matchesManifestShape } from "./gen/manifest-shape.js";
import type { Manifest } from "./manifest.ts";
import type { ManifestProblems } from "./manifest-problems.ts";
import { didYouMean, nearestName } from "./nearest-name.ts";
import { nodeAt, PlainToml } from "./toml-document.ts";
import type { TomlNode, TomlTable } from "./toml-document.ts";

/** A manifest whose shape is right, and where its values stand. */
export interface ShapedManifest {
  readonly manifest: Manifest;
  readonly positions: PlainToml;
}

/**
 * Checks the version and the shape of a manifest: keys, types, what is required. Everything wrong
 * goes to `problems`. The result is what is left when the wrong parts are taken out, so that the
 * rest can be checked too; undefined if nothing useful is.
 */
export function checkShape(
  root: TomlTable,
  problems: ManifestProblems,
): ShapedManifest | undefined {
  if (!checkVersion(root, problems)) return undefined;
  const positions = new PlainToml(root);
  const { value } = positions;
  if (!matchesManifestShape(value)) {
    const errors = matchesManifestShape.errors ?? [];
    const misspelled = new Set(errors.map(meantKey));
    for (const error of errors) {
      if (!misspelled.has(missingKey(error))) addProblem(error, root, problems);
    }
    if (!pruneToShape(value)) return undefined;
  }
  return { manifest: value as Manifest, positions };
}

/** Takes out one wrong part after the other until the schema is content. */
function pruneToShape(value: unknown): boolean {
  for (let round = 0; round < limits.manifestProblemsMax; round++) {
    if (matchesManifestShape(value)) return true;
    const error = matchesManifestShape.errors?.[0];
    if (error === undefined || !prune(value, error)) return false;
  }
  return false;
}

function prune(value: unknown, error: ErrorObject): boolean {
  const path = pathOf(error);
  const params = error.params as Record<string, unknown>;
  if (error.keyword === "additionalProperties") {
    return remove(value, [...path, String(params["additionalProperty"])]);
  }
  const target = error.instancePath === "" ? ["application"] : path;
  if (error.keyword === "required" && target.length === 1 && target[0] === "application") {
    // The rest of the manifest does not depend on it.
    (value as Record<string, unknown>)["application"] = { name: "" };
    return true;
  }
  return remove(value, path);
}

/** Removes a key of an object, an object of an array, or a whole array of something else. */
function remove(value: unknown, path: readonly string[]): boolean {
  const key = path.at(-1);
  if (key === undefined) return false;
  const parentPath = path.slice(0, -1);
  let parent = value;
  for (const part of parentPath) parent = (parent as Record<string, unknown>)[part];
  if (!Array.isArray(parent)) return Reflect.deleteProperty(parent as object, key);
  // Positions of objects follow them, those of texts are their indexes.
  const item: unknown = parent[Number(key)];
  if (typeof item !== "object" || item === null) return remove(value, parentPath);
  parent.splice(Number(key), 1);
  return true;
}

/** Anything but version 2 has another shape, so that further problems would mislead. */
function checkVersion(root: TomlTable, problems: ManifestProblems): boolean {
  const key = ["spin_manifest_version", "spin_version"].find((name) => root.entries.has(name));
  const entry = key === undefined ? undefined : root.entries.get(key);
  if (key === undefined || entry === undefined) {
    problems.add(
      "manifest",
      root.position,
      'missing key "spin_manifest_version"; add "spin_manifest_version = 2" as the first line',
    );
    return false;
  }
  const { node } = entry;
  const version = node.kind === "table" || node.kind === "array" ? undefined : node.value;
  if (key === "spin_manifest_version" && node.kind === "integer" && version === 2) return true;
  problems.add(
    "manifest",
    node.position,
    `${key} is ${textOf(node)}; write "spin_manifest_version = 2"`,
  );
  return false;
}

function textOf(node: TomlNode): string {
  return node.kind === "table" || node.kind === "array"
    ? tomlTypeName(node)
    : JSON.stringify(node.value);
}

function addProblem(error: ErrorObject, root: TomlTable, problems: ManifestProblems): void {
  const path = pathOf(error);
  const node = nodeAt(root, path);
  const position = node?.position ?? root.position;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case "additionalProperties": {
      const key = String(params["additionalProperty"]);
      const place = node?.kind === "table" ? node.entries.get(key)?.keyPosition : undefined;
      const hint = didYouMean(key, knownKeys(error));
      problems.add("manifest", place ?? position, `unknown key "${key}" ${inPlace(path)}${hint}`);
      return;
    }
    case "required": {
      const key = String(params["missingProperty"]);
      problems.add("manifest", position, `missing key "${key}" ${inPlace(path)}`);
      return;
    }
    case "type":
      problems.add("manifest", position, typeMessage(root, path, params["type"]));
      return;
    default:
      problems.add("manifest", position, `${dottedPath(path)} ${error.message ?? "is wrong"}`);
  }
}

/** Place of the known key that an unknown one probably is. */
function meantKey(error: ErrorObject): string | undefined {
  if (error.keyword !== "additionalProperties") return undefined;
  const { additionalProperty } = error.params as { additionalProperty: string };
  const key = nearestName(additionalProperty, knownKeys(error));
  return key === undefined ? undefined : `${error.instancePath}/${key}`;
}

/** Place of a key that is missing; `""` for other errors. */
function missingKey(error: ErrorObject): string {
  if (error.keyword !== "required") return "";
  const { missingProperty } = error.params as { missingProperty: string };
  return `${error.instancePath}/${missingProperty}`;
}

function knownKeys(error: ErrorObject): string[] {
  const schema = error.parentSchema as { properties?: object } | undefined;
  return Object.keys(schema?.properties ?? {});
}

function typeMessage(root: TomlTable, path: readonly string[], expected: unknown): string {
  const node = nodeAt(root, path);
  const types = (Array.isArray(expected) ? expected : [expected]).map(String);
  const found = node === undefined ? "nothing" : tomlTypeName(node);
  const isTextLike = node?.kind === "integer" || node?.kind === "float" || node?.kind === "boolean";
  const hint = types.includes("string") && isTextLike ? "; put it in quotes" : "";
  const wanted = types.map((type) => tomlNames[type] ?? type).join(" or ");
  return `${dottedPath(path)} has to be ${wanted}, not ${found}${hint}${headerHint(types, node)}`;
}

/** `[trigger.http]` for `[[trigger.http]]` is the usual reason for a table instead of an array. */
function headerHint(types: readonly string[], node: TomlNode | undefined): string {
  if (types[0] === "array" && node?.kind === "table") return "; write its header as [[...]]";
  if (types[0] === "object" && node?.kind === "array") return "; write its header as [...]";
  return "";
}

const tomlNames: Readonly<Record<string, string>> = {
  string: "a string",
  integer: "an integer",
  boolean: "true or false",
  array: "an array",
  object: "a table",
};

function tomlTypeName(node: TomlNode): string {
  switch (node.kind) {
    case "table":
      return "a table";
    case "array":
      return "an array";
    case "string":
      return "a string";
    case "boolean":
      return "a boolean";
    case "integer":
      return "an integer";
    case "float":
      return "a float";
    case "date":
      return "a date";
  }
}

/** Parts of the error's JSON pointer, in which `~1` is `/` and `~0` is `~`. */
function pathOf(error: ErrorObject): string[] {
  const parts = error.instancePath.split("/").slice(1);
  return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** `component.hello.source`; of arrays only that it is an item of one, for there is a line. */
function dottedPath(path: readonly string[]): string {
  const isItem = isIndex(path.at(-1));
  const name = path.filter((part) => !isIndex(part)).join(".");
  return isItem ? `an item of ${name}` : name;
}

function isIndex(part: string | undefined): boolean {
  return part !== undefined && /^\d+$/.test(part);
}

/** Where a key belongs: `in [component.hello]`, `in [[trigger.http]]`, `at the top level`. */
function inPlace(path: readonly string[]): string {
  if (path.length === 0) return "at the top level";
  const [top, type, index] = path;
  if (top === "trigger" && path.length === 3 && isIndex(index)) return `in [[trigger.${type}]]`;
  return isIndex(path.at(-1)) ? `in ${dottedPath(path)}` : `in [${dottedPath(path)}]`;
}

import { readFile, stat } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import { parseTomlDocument } from "./toml-document.ts";
import { variableNameProblem } from "./variable-name.ts";

/**
 * Values of app variables from the command line: `name=value`, `name=@file` for the content of a
 * file, `@file.json` and `@file.toml` for names with values. A later one wins.
 * @throws WhorlError `usage` for what is none of these, `file` for a file that cannot be read or
 * has something else in it, `limit` if it is too large.
 */
export async function readVariableArguments(
  texts: readonly string[],
  workingDirectory: string,
): Promise<ReadonlyMap<string, string>> {
  const values = new Map<string, string>();
  for (const text of texts) {
    const found = text.startsWith("@")
      ? await readVariableFile(resolve(workingDirectory, text.slice(1)))
      : [await readAssignment(text, workingDirectory)];
    for (const [name, value] of found) {
      const problem = variableNameProblem(name);
      if (problem !== undefined) throw new WhorlError("usage", `variable name ${problem}`);
      values.set(name, value);
    }
  }
  return values;
}

async function readAssignment(
  text: string,
  workingDirectory: string,
): Promise<readonly [string, string]> {
  const equals = text.indexOf("=");
  // Not the text itself: it may be a secret.
  if (equals === -1) {
    throw new WhorlError("usage", "variables must be in the form name=value, name=@file or @file");
  }
  const [name, value] = [text.slice(0, equals), text.slice(equals + 1)];
  if (!value.startsWith("@")) return [name, value];
  return [name, await readText(resolve(workingDirectory, value.slice(1)))];
}

async function readVariableFile(path: string): Promise<readonly (readonly [string, string])[]> {
  const extension = extname(path);
  if (extension !== ".json" && extension !== ".toml") {
    throw new WhorlError(
      "usage",
      `variable files must end in .json or .toml, and ${path} does not`,
    );
  }
  const text = await readText(path);
  try {
    return extension === ".json" ? jsonPairs(text) : tomlPairs(text);
  } catch (error) {
    throw new WhorlError("file", `${path}: ${errorText(error)}`, { cause: error });
  }
}

function jsonPairs(text: string): readonly (readonly [string, string])[] {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error("it has to be an object of names with texts");
  }
  return Object.entries(value).map(([name, each]: [string, unknown]) => [name, textOf(name, each)]);
}

function tomlPairs(text: string): readonly (readonly [string, string])[] {
  return [...parseTomlDocument(text).entries].map(([name, { node }]) => [
    name,
    textOf(name, node.kind === "string" ? node.value : undefined),
  ]);
}

function textOf(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new Error(`the value of "${name}" has to be a text in quotes`);
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > limits.runtimeConfigBytesMax) {
      throw new WhorlError(
        "limit",
        `${path} has ${size} bytes; a file with variables may have ${limits.runtimeConfigBytesMax}`,
      );
    }
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof WhorlError) throw error;
    throw new WhorlError("file", `cannot read ${path}: ${errorText(error)}`, { cause: error });
  }
}

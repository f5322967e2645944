import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorText, WhorlError } from "../../runtime/error.ts";

/** From what an app or a component is made. */
export interface Template {
  /** `http-ts`. */
  readonly id: string;
  /** One line for people. */
  readonly description: string;
  /** What has to be installed to build it. */
  readonly needs: string;
  readonly parameters: readonly ParameterName[];
  /** Its tables in the manifest, with placeholders. */
  readonly component: string;
  /** Path to content, with placeholders in what is text. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** What a person can choose beside the name. */
export const parameters = {
  route: { prompt: "HTTP route", value: "/..." },
  "redis-address": { prompt: "Redis address", value: "redis://127.0.0.1:6379" },
  "redis-channel": { prompt: "Redis channel", value: "messages" },
  "cron-expression": {
    prompt: "Cron expression, with seconds in front",
    value: "0 */5 * * * *",
  },
} as const;

export type ParameterName = keyof typeof parameters;

export function isParameterName(name: string): name is ParameterName {
  return Object.hasOwn(parameters, name);
}

interface TemplateInfo {
  readonly description: string;
  readonly needs: string;
  readonly parameters: readonly ParameterName[];
}

/**
 * The templates of a folder, by name.
 * @throws WhorlError `file` if they cannot be read.
 */
export async function readTemplates(folder: string): Promise<readonly Template[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    return await Promise.all(names.toSorted().map((id) => readTemplate(folder, id)));
  } catch (error) {
    throw new WhorlError("file", `cannot read the templates: ${errorText(error)}; install again`, {
      cause: error,
    });
  }
}

async function readTemplate(folder: string, id: string): Promise<Template> {
  const directory = join(folder, id);
  const info = JSON.parse(await readFile(join(directory, "template.json"), "utf8")) as TemplateInfo;
  const component = await readFile(join(directory, "component.toml.tmpl"), "utf8");
  const content = join(directory, "content");
  const files = new Map<string, Uint8Array>();
  for (const entry of await readdir(content, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(content.length + 1), new Uint8Array(await readFile(path)));
  }
  return { id, ...info, component, files };
}

/** Values by the name of their placeholder. */
export type TemplateValues = Readonly<Record<string, string>>;

/**
 * Puts values into `{{name}}`. A line of nothing but a placeholder whose value is empty goes.
 * Throws for a placeholder without a value, a mistake of the template.
 */
export function fillIn(text: string, values: TemplateValues): string {
  const lines = text.split("\n").filter((line) => {
    const [, name] = /^\{\{([a-z-]+)\}\}$/.exec(line) ?? [];
    return name === undefined || values[name] !== "";
  });
  return lines.join("\n").replace(/\{\{([a-z-]+)\}\}/g, (_whole, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`no value for {{${name}}}`);
    return value;
  });
}

/** The files of an app or component: packages cannot contain `.gitignore`, so templates do not. */
export function filledFiles(template: Template, values: TemplateValues): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const [path, content] of template.files) {
    files.set(path.replace(/(^|\/)gitignore$/, "$1.gitignore"), filledContent(content, values));
  }
  return files;
}

function filledContent(content: Uint8Array, values: TemplateValues): Uint8Array {
  // Binary files start with a zero byte, as WebAssembly does, or are no UTF-8.
  if (content[0] === 0) return content;
  const text = new TextDecoder().decode(content);
  return new TextEncoder().encode(fillIn(text, values));
}

import { WhorlError } from "../../runtime/error.ts";
import { toComponentId } from "../../runtime/app/component-id.ts";
import { fillIn, parameters } from "./template.ts";
import type { ParameterName, Template, TemplateValues } from "./template.ts";

/** What a component made from a template is called and told. */
export interface ComponentChoice {
  readonly name: string;
  /** Folder of its files relative to the manifest, `""` for the manifest's own. */
  readonly folder: string;
  /** Of the template's parameters; the default where none is given. */
  readonly parameters: Readonly<Partial<Record<ParameterName, string>>>;
}

/**
 * The values of all placeholders.
 * @throws WhorlError `usage` for a name that cannot be a component's.
 */
export function templateValues(choice: ComponentChoice): TemplateValues {
  const { name, folder } = choice;
  checkName(name);
  const given = Object.entries(parameters).map(([id, { value }]) => [
    id,
    tomlText(choice.parameters[id as ParameterName] ?? value),
  ]);
  return {
    name,
    crate: name.replaceAll("-", "_"),
    folder: folder === "" ? "" : `${folder}/`,
    workdir: folder === "" ? "" : `workdir = "${folder}"`,
    ...Object.fromEntries(given),
  };
}

/** A new manifest with one component. */
export function newManifest(
  template: Template,
  values: TemplateValues,
  description: string,
): string {
  const lines = [
    "spin_manifest_version = 2",
    "",
    "[application]",
    `name = "${values["name"]}"`,
    'version = "0.1.0"',
    ...(description === "" ? [] : [`description = "${tomlText(description)}"`]),
    "",
    ...applicationTrigger(template, values),
  ];
  return `${lines.join("\n")}\n${fillIn(template.component, values)}`;
}

/** What all triggers of a kind share; nothing for most. */
export function applicationTrigger(
  { parameters: own }: Template,
  values: TemplateValues,
): string[] {
  if (!own.includes("redis-address")) return [];
  return ["[application.trigger.redis]", `address = "${values["redis-address"]}"`, ""];
}

const namePattern = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** For names of projects, crates, modules and components alike. */
function checkName(name: string): void {
  if (namePattern.test(name)) return;
  const better = toComponentId(name);
  const hint = namePattern.test(better) ? `, such as "${better}"` : "";
  throw new WhorlError(
    "usage",
    `"${name}" cannot be the name of a component; use lower-case words of letters and digits, with "-" between them${hint}`,
  );
}

/** Between the double quotes of a TOML string. */
function tomlText(text: string): string {
  return JSON.stringify(text).slice(1, -1).replaceAll("\u007f", "\\u007f");
}

import { WhorlError } from "../../runtime/error.ts";
import { didYouMean } from "../../runtime/app/nearest-name.ts";
import type { Prompt } from "./prompt.ts";
import { isParameterName, parameters } from "./template.ts";
import type { ParameterName, Template } from "./template.ts";

/** What stands on the command line about a new component; undefined is asked for. */
export interface Wishes {
  readonly name: string | undefined;
  readonly template: string | undefined;
  readonly values: ReadonlyMap<string, string>;
}

/** How a person is asked: not at all where undefined. */
export type MaybePrompt = Prompt | undefined;

/**
 * The template that is meant.
 * @throws WhorlError `usage` if there is none of that name, or none is named and nobody can be
 * asked.
 */
export async function chooseTemplate(
  { template: wanted }: Wishes,
  templates: readonly Template[],
  prompt: MaybePrompt,
): Promise<Template> {
  const names = templates.map(({ id }) => id);
  const choices = templates.map(({ id, description }) => ({ name: id, description }));
  const name = wanted ?? (await prompt?.choice("Template", choices));
  if (name === undefined) {
    throw new WhorlError("usage", `no template is named; add -t with one of ${names.join(", ")}`);
  }
  const found = templates.find(({ id }) => id === name);
  if (found !== undefined) return found;
  throw new WhorlError(
    "usage",
    `there is no template "${name}"${didYouMean(name, names) || `; there are ${names.join(", ")}`}`,
  );
}

/** @throws WhorlError `usage` if there is none and nobody can be asked. */
export async function chooseName({ name }: Wishes, prompt: MaybePrompt): Promise<string> {
  const chosen = name ?? (await prompt?.text("Name", ""));
  if (chosen !== undefined && chosen !== "") return chosen;
  throw new WhorlError("usage", "no name is given; add one, such as: whorl new my-app -t http-ts");
}

/**
 * The values of a template's parameters: given, asked for, or the defaults.
 * @throws WhorlError `usage` for a value that the template does not have.
 */
export async function chooseParameters(
  { values }: Wishes,
  template: Template,
  { prompt, defaults }: { readonly prompt: MaybePrompt; readonly defaults: ParameterDefaults },
): Promise<ParameterDefaults> {
  for (const name of values.keys()) {
    if (isParameterName(name) && template.parameters.includes(name)) continue;
    throw new WhorlError(
      "usage",
      `the template ${template.id} has no value "${name}"${didYouMean(name, template.parameters)}`,
    );
  }
  const chosen: Partial<Record<ParameterName, string>> = {};
  for (const name of template.parameters) {
    const fallback = defaults[name] ?? parameters[name].value;
    chosen[name] =
      values.get(name) ?? (await prompt?.text(parameters[name].prompt, fallback)) ?? fallback;
  }
  return chosen;
}

export type ParameterDefaults = Readonly<Partial<Record<ParameterName, string>>>;

import { rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { Command } from "commander";
import { errorText, WhorlError } from "../../runtime/error.ts";
import { findManifest, readManifestText } from "../../runtime/app/build-plan-file.ts";
import type { CommandDependencies } from "../command.ts";
import { addPairs } from "../kube/flag-values.ts";
import { chooseName, chooseParameters, chooseTemplate } from "../new/choose.ts";
import type { ParameterDefaults } from "../new/choose.ts";
import { applicationTrigger, templateValues } from "../new/component-tables.ts";
import type { Prompt } from "../new/prompt.ts";
import { fillIn, filledFiles, readTemplates } from "../new/template.ts";
import type { Template, TemplateValues } from "../new/template.ts";
import { templateFolder } from "../new/template-folder.ts";
import { checkEmptyFolder, writeFiles } from "../new/write-files.ts";
import { addComponent } from "./add-component.ts";
import type { Addition } from "./add-component.ts";

interface AddFlags {
  readonly template?: string;
  readonly from: string;
  readonly value?: ReadonlyMap<string, string>;
  readonly acceptDefaults?: true;
}

const examples = `
Examples:
  $ whorl add api -t http-rust
  $ whorl add api -t http-ts --value route=/api/...
  $ whorl add jobs -t redis-rust -f apps/shop -a`;

/** `whorl add`: adds a component from a template to an app. Without a prompt nothing is asked. */
export function addCommand(dependencies: CommandDependencies, prompt: Prompt | undefined): Command {
  return new Command("add")
    .description("add a component from a template to an app")
    .argument("[name]", "name of the component and of its folder")
    .option("-t, --template <name>", "template to make it from")
    .option("-f, --from <path>", "directory or manifest of the app", ".")
    .option(
      "--value <name=value>",
      "value of the template, such as route=/api/..., repeatable",
      addPairs,
    )
    .option("-a, --accept-defaults", "ask nothing, take the default values")
    .addHelpText("after", examples)
    .action(async (name: string | undefined, flags: AddFlags) => {
      const asked = flags.acceptDefaults === true ? undefined : prompt;
      await add({ name, flags, prompt: asked }, dependencies);
    });
}

interface AddRequest {
  readonly name: string | undefined;
  readonly flags: AddFlags;
  readonly prompt: Prompt | undefined;
}

async function add(
  { name: given, flags, prompt }: AddRequest,
  { io, directory }: CommandDependencies,
): Promise<void> {
  const path = await findManifest(resolve(directory, flags.from));
  const manifest = { text: await readManifestText(path), name: basename(path) };
  const templates = await readTemplates(templateFolder());
  const values = flags.value ?? new Map<string, string>();
  const wishes = { name: given, template: flags.template, values };
  const template = await chooseTemplate(wishes, templates, prompt);
  const name = await chooseName(wishes, prompt);
  // Before questions whose answers would be lost.
  templateValues({ name, folder: name, parameters: {} });
  const folder = join(dirname(path), name);
  await checkEmptyFolder(folder);
  const defaults = { route: `/${name}/...` };
  const parameters = await chooseParameters(wishes, template, { prompt, defaults });
  const filled = templateValues({ name, folder: name, parameters });
  const changed = addComponent(manifest, additionOf(template, filled, parameters));
  await writeFiles(folder, filledFiles(template, filled));
  await replaceFile(path, changed);
  io.stdout.write(`Added ${name} to ${manifest.name}, its files are in ${name}/\n`);
}

function additionOf(
  template: Template,
  values: TemplateValues,
  { route }: ParameterDefaults,
): Addition {
  const [, triggerType = ""] = /^\[\[trigger\.([a-z]+)\]\]/.exec(template.component) ?? [];
  return {
    name: values["name"] ?? "",
    triggerType,
    route,
    tables: fillIn(template.component, values),
    applicationTrigger: applicationTrigger(template, values).join("\n"),
  };
}

/** At once: a reader sees the old text or the new one. */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  try {
    await writeFile(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new WhorlError("file", `cannot write ${path}: ${errorText(error)}`, { cause: error });
  }
}

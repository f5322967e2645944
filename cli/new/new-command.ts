import { resolve } from "node:path";
import { Command } from "commander";
import type { CommandDependencies } from "../command.ts";
import { addPairs } from "../kube/flag-values.ts";
import { chooseName, chooseParameters, chooseTemplate } from "./choose.ts";
import { newManifest, templateValues } from "./component-tables.ts";
import type { Prompt } from "./prompt.ts";
import { filledFiles, readTemplates } from "./template.ts";
import type { Template } from "./template.ts";
import { templateFolder } from "./template-folder.ts";
import { checkEmptyFolder, writeFiles } from "./write-files.ts";

interface NewFlags {
  readonly template?: string;
  readonly directory?: string;
  readonly value?: ReadonlyMap<string, string>;
  readonly description?: string;
  readonly acceptDefaults?: true;
  readonly list?: true;
}

const examples = `
Examples:
  $ whorl new                                  asks for everything
  $ whorl new shop -t http-ts                  asks for the rest
  $ whorl new shop -t http-rust -a             asks for nothing
  $ whorl new jobs -t redis-rust --value redis-channel=jobs
  $ whorl new --list                           which templates there are`;

/** `whorl new`: makes an app from a template. Without a prompt nothing is asked. */
export function newCommand(dependencies: CommandDependencies, prompt: Prompt | undefined): Command {
  const { io } = dependencies;
  return new Command("new")
    .description("make an app from a template")
    .argument("[name]", "name of the app and of its component")
    .option("-t, --template <name>", "template to make it from")
    .option("-d, --directory <path>", "where to make it (default: a folder with its name)")
    .option("--description <text>", "one line about the app")
    .option(
      "--value <name=value>",
      "value of the template, such as route=/api/..., repeatable",
      addPairs,
    )
    .option("-a, --accept-defaults", "ask nothing, take the default values")
    .option("--list", "only list the templates")
    .addHelpText("after", examples)
    .action(async (name: string | undefined, flags: NewFlags) => {
      const templates = await readTemplates(templateFolder());
      if (flags.list === true) io.stdout.write(templateList(templates));
      else await makeApp({ name, flags, templates, prompt }, dependencies);
    });
}

interface NewRequest {
  readonly name: string | undefined;
  readonly flags: NewFlags;
  readonly templates: readonly Template[];
  readonly prompt: Prompt | undefined;
}

async function makeApp(request: NewRequest, dependencies: CommandDependencies): Promise<void> {
  const { flags, templates } = request;
  const prompt = flags.acceptDefaults === true ? undefined : request.prompt;
  const { io, directory } = dependencies;
  const wishes = {
    name: request.name,
    template: flags.template,
    values: flags.value ?? new Map<string, string>(),
  };
  const template = await chooseTemplate(wishes, templates, prompt);
  const name = await chooseName(wishes, prompt);
  const folder = flags.directory ?? name;
  // Before questions whose answers would be lost.
  templateValues({ name, folder: "", parameters: {} });
  await checkEmptyFolder(resolve(directory, folder));
  const description = flags.description ?? (await prompt?.text("Description", "")) ?? "";
  const parameters = await chooseParameters(wishes, template, { prompt, defaults: {} });
  const values = templateValues({ name, folder: "", parameters });
  const files = new Map<string, string | Uint8Array>(filledFiles(template, values));
  files.set("spin.toml", newManifest(template, values, description));
  await writeFiles(resolve(directory, folder), files);
  io.stdout.write(nextSteps({ name, folder, template }));
}

interface MadeApp {
  readonly name: string;
  readonly folder: string;
  readonly template: Template;
}

function nextSteps({ name, folder, template }: MadeApp): string {
  const { needs, component } = template;
  const isBuilt = component.includes(".build]");
  const lines = [
    `Created ${name} in ${folder}`,
    "",
    `  cd ${folder}`,
    ...(isBuilt ? [`  whorl build      (needs ${needs})`] : []),
    "  whorl up",
  ];
  return `${lines.join("\n")}\n`;
}

function templateList(templates: readonly Template[]): string {
  const width = Math.max(...templates.map(({ id }) => id.length));
  return templates
    .map(({ id, description, needs }) => `${id.padEnd(width)}  ${description} (needs ${needs})\n`)
    .join("");
}

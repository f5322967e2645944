import type { Command, Option } from "commander";

/** A command as completion needs to know it. */
export interface CommandShape {
  /** Names from the program's own on: `["whorl", "registry", "push"]`. */
  readonly path: readonly string[];
  readonly description: string;
  readonly options: readonly OptionShape[];
  readonly commands: readonly CommandShape[];
  /** What its arguments are. */
  readonly takes: "files" | "nothing";
}

export interface OptionShape {
  readonly short: string | undefined;
  readonly long: string;
  readonly description: string;
  /** What follows the option. */
  readonly value:
    | { readonly kind: "none" }
    | { readonly kind: "file" }
    | { readonly kind: "text" }
    | { readonly kind: "choice"; readonly choices: readonly string[] };
}

/** The shape of a command and everything below it, hidden options left out. */
export function commandShape(command: Command, parents: readonly string[] = []): CommandShape {
  const path = [...parents, command.name()];
  const help = command.createHelp();
  const options = help.visibleOptions(command).map(optionShape);
  return {
    path,
    description: command.description(),
    options: options.filter((each) => each !== undefined),
    commands: help
      .visibleCommands(command)
      .filter((each) => each.name() !== "help")
      .map((each) => commandShape(each, path)),
    takes: command.registeredArguments.length > 0 ? "files" : "nothing",
  };
}

/** Every command of a tree, parents before their children. */
export function allCommands(shape: CommandShape): CommandShape[] {
  return [shape, ...shape.commands.flatMap(allCommands)];
}

function optionShape(option: Option): OptionShape | undefined {
  const { long, short, description, argChoices } = option;
  if (long === undefined || long === null) return undefined;
  return {
    long,
    short: short ?? undefined,
    description,
    value:
      argChoices !== undefined
        ? { kind: "choice", choices: argChoices }
        : valueKind(option.required || option.optional, option.flags),
  };
}

function valueKind(hasValue: boolean, flags: string): OptionShape["value"] {
  if (!hasValue) return { kind: "none" };
  return { kind: /<(file|path|app|directory|dir)\b/.test(flags) ? "file" : "text" };
}

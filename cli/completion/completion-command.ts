import { Argument, Command } from "commander";
import type { CommandDependencies } from "../command.ts";
import { commandShape } from "./command-shape.ts";
import { completionScript, shells } from "./completion-script.ts";
import type { Shell } from "./completion-script.ts";

const examples = `
Examples:
  $ source <(whorl completion bash)                                  in this shell
  $ whorl completion bash > ~/.local/share/bash-completion/completions/whorl
  $ whorl completion zsh > "\${fpath[1]}/_whorl"
  $ whorl completion fish > ~/.config/fish/completions/whorl.fish`;

/** `whorl completion`: prints what a shell needs to complete the command lines of its parent. */
export function completionCommand({ io }: CommandDependencies): Command {
  const command = new Command("completion")
    .description("print the completion for a shell")
    .addArgument(new Argument("<shell>", "which shell").choices(shells))
    .addHelpText("after", examples);
  return command.action((shell: Shell) => {
    io.stdout.write(completionScript(shell, commandShape(command.parent ?? command)));
  });
}

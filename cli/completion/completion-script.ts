import { allCommands } from "./command-shape.ts";
import type { CommandShape, OptionShape } from "./command-shape.ts";

/** Shells that completion exists for. */
export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** The text that a shell reads once to complete a program's command lines. */
export function completionScript(shell: Shell, root: CommandShape): string {
  switch (shell) {
    case "bash":
      return bashScript(root);
    case "zsh":
      return zshScript(root);
    case "fish":
      return fishScript(root);
  }
}

function bashScript(root: CommandShape): string {
  const [program = ""] = root.path;
  const commands = allCommands(root);
  return `# bash completion for ${program}
_${program}() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  local path="${program}" each
  for each in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $each" in
${commands
  .slice(1)
  .map(({ path }) => `      ${quote(path.join(" "))}) path="$path $each" ;;\n`)
  .join("")}    esac
  done
  COMPREPLY=()
  case "$path $before" in
${commands.flatMap(bashValues).join("")}  esac
  case "$path" in
${commands.map(bashWords).join("")}  esac
}
complete -F _${program} ${program}
`;
}

function bashValues({ path, options }: CommandShape): string[] {
  return options.flatMap((option) => {
    if (option.value.kind === "none") return [];
    const patterns = flagsOf(option).map((flag) => quote(`${path.join(" ")} ${flag}`));
    return [`    ${patterns.join("|")}) ${bashReply(option.value)}; return ;;\n`];
  });
}

function bashReply(value: OptionShape["value"]): string {
  switch (value.kind) {
    case "choice":
      return `COMPREPLY=($(compgen -W ${quote(value.choices.join(" "))} -- "$word"))`;
    case "file":
      return 'compopt -o filenames; COMPREPLY=($(compgen -f -- "$word"))';
    default:
      return ":";
  }
}

function bashWords({ path, options, commands, takes }: CommandShape): string {
  const words = [
    ...commands.map((command) => command.path.at(-1) ?? ""),
    ...options.flatMap(flagsOf),
  ];
  const reply = `COMPREPLY=($(compgen -W ${quote(words.join(" "))} -- "$word"))`;
  const files =
    takes === "files"
      ? '\n      if [[ $word != -* ]]; then compopt -o filenames; COMPREPLY+=($(compgen -f -- "$word")); fi'
      : "";
  return `    ${quote(path.join(" "))})\n      ${reply}${files}\n      ;;\n`;
}

function zshScript(root: CommandShape): string {
  const [program = ""] = root.path;
  return `#compdef ${program}
# zsh completion for ${program}
${allCommands(root).map(zshFunction).join("")}
if [ "$funcstack[1]" = "_${program}" ]; then
  _${program} "$@"
else
  compdef _${program} ${program}
fi
`;
}

function zshFunction({ path, options, commands, takes }: CommandShape): string {
  const name = `_${path.join("_")}`;
  const lines = options.flatMap(zshOption);
  if (commands.length === 0) {
    if (takes === "files") lines.push("'*:file:_files'");
    return `\n${name}() {\n  _arguments -s ${lines.join(" \\\n    ")}\n}\n`;
  }
  const described = commands.map(
    (command) => `    ${quote(`${command.path.at(-1) ?? ""}:${command.description}`)}`,
  );
  const cases = commands.map((command) => {
    const last = command.path.at(-1) ?? "";
    return `    ${last}) _${command.path.join("_")} ;;`;
  });
  return `
${name}() {
  local context state state_descr line
  typeset -A opt_args
  local -a commands=(
${described.join("\n")}
  )
  _arguments -C -s ${[...lines, "'1: :->command'", "'*:: :->rest'"].join(" \\\n    ")}
  case $state in
  command) _describe command commands ;;
  rest)
    case $line[1] in
${cases.join("\n")}
    esac
    ;;
  esac
}
`;
}

function zshOption(option: OptionShape): string[] {
  const text = option.description.replace(/[[\]:\\]/g, "\\$&");
  return flagsOf(option).map((flag) => quote(`*${flag}[${text}]${zshValue(option.value)}`));
}

function zshValue(value: OptionShape["value"]): string {
  switch (value.kind) {
    case "none":
      return "";
    case "choice":
      return `:value:(${value.choices.join(" ")})`;
    case "file":
      return ":file:_files";
    case "text":
      return ":value: ";
  }
}

function fishScript(root: CommandShape): string {
  const [program = ""] = root.path;
  const lines = allCommands(root).flatMap((command) => fishCommand(command, program));
  return `# fish completion for ${program}
function __${program}_path
    set -l path ${program}
    for each in (commandline -opc)[2..]
        switch "$path $each"
${allCommands(root)
  .slice(1)
  .map(
    ({ path }) =>
      `            case ${quote(path.join(" "))}\n                set path "$path $each"\n`,
  )
  .join("")}        end
    end
    test "$path" = "$argv"
end
complete -c ${program} -f
${lines.join("\n")}
`;
}

function fishCommand({ path, options, commands, takes }: CommandShape, program: string): string[] {
  const when = `-n ${quote(`__${program}_path ${path.join(" ")}`)}`;
  return [
    ...commands.map(
      (command) =>
        `complete -c ${program} ${when} -a ${command.path.at(-1) ?? ""} -d ${quote(command.description)}`,
    ),
    ...options.map((option) => {
      const short = option.short === undefined ? "" : ` -s ${option.short.slice(1)}`;
      const value = fishValue(option.value);
      return `complete -c ${program} ${when}${short} -l ${option.long.slice(2)}${value} -d ${quote(option.description)}`;
    }),
    ...(takes === "files" ? [`complete -c ${program} ${when} -F`] : []),
  ];
}

function fishValue(value: OptionShape["value"]): string {
  switch (value.kind) {
    case "none":
      return "";
    case "choice":
      return ` -x -a ${quote(value.choices.join(" "))}`;
    case "file":
      return " -r -F";
    case "text":
      return " -x";
  }
}

function flagsOf({ short, long }: OptionShape): string[] {
  return short === undefined ? [long] : [short, long];
}

/** A word that all three shells read as it is. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

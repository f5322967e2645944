import { resolve } from "node:path";
import { Command, Option } from "commander";
import type { CommandDependencies } from "../command.ts";

const examples = `
Examples:
  $ whorl inspect hello.wasm
  $ whorl inspect --output json hello.wasm | jq .unsupported`;

/** `whorl inspect FILE`. */
export function inspectCommand({ io, directory, finish }: CommandDependencies): Command {
  return new Command("inspect")
    .description("tell what a component needs, offers and costs")
    .argument("<file>", "component or core module")
    .addOption(
      new Option("--output <form>", "text for people, or one JSON object")
        .choices(["text", "json"])
        .default("text"),
    )
    .addHelpText("after", examples)
    .action(async (file: string, { output }: { readonly output: "text" | "json" }) => {
      const [{ inspect }, { interfacesNamed }] = await Promise.all([
        import("./inspect.ts"),
        import("../../runtime/trigger/services/guest-service.ts"),
      ]);
      const options = { path: resolve(directory, file), output };
      finish(await inspect(options, { stdout: io.stdout, interfaces: interfacesNamed }));
    });
}

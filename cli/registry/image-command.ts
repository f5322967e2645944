import { Command, Option } from "commander";
import type { CommandDependencies } from "../command.ts";
import { addRegistryFlags } from "./registry-flags.ts";
import type { RegistryFlags } from "./registry-session.ts";

interface InspectFlags extends RegistryFlags {
  readonly output: "text" | "json";
}

/** `whorl image inspect REFERENCE`. */
export function imageCommand({ io, environment }: CommandDependencies): Command {
  const inspect = addRegistryFlags(new Command("inspect"))
    .description("tell what is in an image: components, triggers, layers")
    .argument("<image>", "reference, oci:FOLDER[:TAG] or oci-archive:FILE[:TAG]")
    .addOption(
      new Option("--output <form>", "text for people, or one JSON object")
        .choices(["text", "json"])
        .default("text"),
    )
    .action(async (image: string, flags: InspectFlags) => {
      const [{ inspectImage, formatDescription }, { openRegistrySession }] = await Promise.all([
        import("./registry-inspect.ts"),
        import("./registry-session.ts"),
      ]);
      await using session = await openRegistrySession(flags, environment);
      const description = await inspectImage(image, session);
      const isJson = flags.output === "json";
      io.stdout.write(isJson ? `${JSON.stringify(description)}\n` : formatDescription(description));
    });
  return new Command("image").description("look into an image").addCommand(inspect);
}

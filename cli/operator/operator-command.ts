import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Command } from "commander";
import { errorText, WhorlError } from "../../runtime/error.ts";
import type { CommandDependencies } from "../command.ts";
import { exitCodes } from "../io.ts";

const examples = `
Examples:
  $ whorl operator render app.yaml
  $ whorl operator render app.yaml --namespace shop | kubectl diff -f -`;

/** `whorl operator render FILE`. */
export function operatorCommand(dependencies: CommandDependencies): Command {
  return new Command("operator")
    .description("what the operator does, without a cluster")
    .addCommand(renderCommand(dependencies));
}

function renderCommand({ io, directory, finish }: CommandDependencies): Command {
  return new Command("render")
    .description("print what the operator would apply for the SpinApps of a file")
    .argument("<file>", "manifests, YAML or JSON")
    .option("-n, --namespace <name>", "namespace of objects that name none")
    .addHelpText("after", examples)
    .action(async (file: string, flags: { readonly namespace?: string }) => {
      const { renderManifests } = await import("./operator-render.ts");
      const { namespace } = flags;
      const text = await readManifests(resolve(directory, file));
      const { manifests, complaints, failed } = rendered(() =>
        renderManifests(text, { file, namespace }),
      );
      io.stdout.write(manifests);
      for (const line of complaints) io.stderr.write(`${line}\n`);
      finish(failed ? exitCodes.refused : exitCodes.done);
    });
}

async function readManifests(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new WhorlError("file", `cannot read ${path}: ${errorText(error)}`, { cause: error });
  }
}

/** The operator's errors in the words of this program. */
function rendered<T>(render: () => T): T {
  try {
    return render();
  } catch (error) {
    if (error instanceof Error && error.name === "OperatorError") {
      throw new WhorlError("manifest", error.message, { cause: error });
    }
    throw error;
  }
}

import { styleText } from "node:util";
import { Command } from "commander";
import { outputOption } from "../build/build-command.ts";
import type { CommandDependencies } from "../command.ts";
import { exitCodes } from "../io.ts";
import type { TextSink } from "../io.ts";
import { addListed } from "../kube/flag-values.ts";
import { addKubeFlags } from "../kube/kube-flags.ts";
import type { KubeFlags } from "../kube/kube-flags.ts";
import { diagnose } from "./diagnose.ts";
import type { Finding } from "./diagnose.ts";
import { readFacts } from "./read-facts.ts";

interface DoctorFlags extends KubeFlags {
  readonly node?: true;
  readonly cluster?: true;
  readonly registry?: readonly string[];
  readonly insecure?: true;
  readonly output: "text" | "json";
}

const examples = `
Examples:
  $ whorl doctor                                what this machine lacks to run apps
  $ whorl doctor --cluster --registry ghcr.io   ... to push and deploy them
  $ whorl doctor --node                         ... to be a node of a cluster`;

/** `whorl doctor`: looks at the machine and says what to do; exit code 1 if something is missing. */
export function doctorCommand(dependencies: CommandDependencies): Command {
  const { io, environment, finish } = dependencies;
  return addKubeFlags(new Command("doctor"))
    .description("check what this machine has and lacks")
    .option("--node", "it shall be a node of a cluster")
    .option("--cluster", "it shall deploy to a cluster")
    .option("-r, --registry <host>", "it shall reach this registry, repeatable", addListed)
    .option("-k, --insecure", "for registries: plain HTTP is fine too")
    .addOption(outputOption())
    .addHelpText("after", examples)
    .action(async (flags: DoctorFlags) => {
      const facts = await readFacts({
        ...flags,
        environment,
        registries: flags.registry ?? [],
        insecure: flags.insecure === true,
        root: "/",
      });
      const purpose = { isNode: flags.node === true, needsCluster: flags.cluster === true };
      const findings = diagnose(facts, purpose);
      for (const finding of findings) {
        io.stdout.write(
          flags.output === "json"
            ? `${JSON.stringify(finding)}\n`
            : findingText(finding, io.stdout),
        );
      }
      const isComplete = findings.every(({ state }) => state !== "missing");
      finish(isComplete ? exitCodes.done : exitCodes.refused);
    });
}

const colors = { ok: "green", note: "dim", warning: "yellow", missing: "red" } as const;
const stateColumns = 7;

/** A finding on one line, and what to do below it. */
export function findingText(
  { check, state, message, advice }: Finding,
  { hasColors }: Pick<TextSink, "hasColors">,
): string {
  const padded = state.padEnd(stateColumns);
  const shown = hasColors ? styleText(colors[state], padded, { validateStream: false }) : padded;
  const line = `${shown}  ${check}: ${message}\n`;
  return advice === undefined ? line : `${line}${" ".repeat(stateColumns + 2)}-> ${advice}\n`;
}

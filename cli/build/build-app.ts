import { availableParallelism } from "node:os";
import { selectComponents } from "../../runtime/app/build-plan.ts";
import { readBuildPlan } from "../../runtime/app/build-plan-file.ts";
import type { CommandIo } from "../io.ts";
import { createJsonBuildReporter, createTextBuildReporter } from "./build-reporter.ts";
import { runBuild } from "./run-build.ts";
import { runShell } from "./shell-command.ts";

export interface BuildAppOptions {
  /** Path of the manifest. */
  readonly manifest: string;
  readonly profile?: string | undefined;
  /** Only these, all where empty. */
  readonly components: readonly string[];
  /** Components built at once; one per core where not given. */
  readonly jobs?: number | undefined;
  readonly output: "text" | "json";
  /** Given to the commands. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs the build commands of a manifest until they are done or a signal comes.
 * @returns whether they came to their end.
 * @throws WhorlError as {@link readBuildPlan} and {@link runBuild} do.
 */
export async function buildApp(options: BuildAppOptions, io: CommandIo): Promise<boolean> {
  const { manifest, profile, components, output, environment } = options;
  const plan = selectComponents(await readBuildPlan(manifest, profile), components);
  const reporter = output === "json" ? createJsonBuildReporter(io) : createTextBuildReporter(io);
  const { jobs = availableParallelism() } = options;
  return untilSignal(io, (signal) =>
    runBuild(plan, { runShell, reporter, environment, jobs, signal }),
  );
}

/** Runs something that a signal cuts short; whether it came to its end. */
async function untilSignal(
  io: CommandIo,
  run: (signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const interrupt = new AbortController();
  const running = run(interrupt.signal);
  const outcome = await Promise.race([running.then(() => "done" as const), io.signals.next()]);
  if (outcome === "done") return true;
  interrupt.abort();
  await running.catch(() => undefined);
  return false;
}

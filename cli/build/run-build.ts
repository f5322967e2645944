import { stat } from "node:fs/promises";
import { relative } from "node:path";
import type { BuildPlan, ComponentBuild, PlannedComponent } from "../../runtime/app/build-plan.ts";
import { WhorlError } from "../../runtime/error.ts";
import { buildOrder } from "./build-order.ts";
import type { BuildReporter } from "./build-reporter.ts";
import type { RunShell, ShellEnd } from "./shell-command.ts";

export interface BuildOptions {
  readonly runShell: RunShell;
  readonly reporter: BuildReporter;
  /** Given to the commands. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Components built at once. */
  readonly jobs: number;
  readonly signal?: AbortSignal;
}

type Buildable = PlannedComponent & { readonly build: ComponentBuild };

/**
 * Builds the components of a plan, those that are independent of each other at the same time. The
 * first failure ends what is running.
 * @throws WhorlError `build` saying which command failed, how, and where it stands.
 */
export async function runBuild(plan: BuildPlan, options: BuildOptions): Promise<void> {
  const buildable = plan.components.filter((each): each is Buildable => each.build !== undefined);
  if (buildable.length === 0) {
    options.reporter.nothingToBuild(plan.manifest);
    return;
  }
  const failure = new AbortController();
  const signal = AbortSignal.any([failure.signal, ...(options.signal ? [options.signal] : [])]);
  const build = new RunningBuild(plan, { ...options, signal });
  const results = await Promise.allSettled(
    build.start(buildable).map((each) =>
      each.catch((error: unknown) => {
        // The first one is the reason why the others end.
        failure.abort(error);
        throw error;
      }),
    ),
  );
  options.signal?.throwIfAborted();
  if (failure.signal.aborted) throw failure.signal.reason;
  const rejected = results.find((each) => each.status === "rejected");
  if (rejected !== undefined) throw rejected.reason;
}

class RunningBuild {
  readonly #plan: BuildPlan;
  readonly #options: BuildOptions & { readonly signal: AbortSignal };
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(plan: BuildPlan, options: BuildOptions & { readonly signal: AbortSignal }) {
    this.#plan = plan;
    this.#options = options;
  }

  start(components: readonly Buildable[]): Promise<void>[] {
    const order = buildOrder(
      components.map(({ id, build: { workdir, after } }) => ({ id, workdir, after })),
    );
    const byId = new Map(components.map((component) => [component.id, component]));
    const builds = new Map<string, Promise<void>>();
    // The order names only what comes before.
    for (const [id, before] of order) {
      const component = byId.get(id);
      if (component === undefined) continue;
      const earlier = before.map((each) => builds.get(each) ?? Promise.resolve());
      builds.set(id, this.#build(component, earlier));
    }
    return [...builds.values()];
  }

  async #build(component: Buildable, earlier: readonly Promise<void>[]): Promise<void> {
    await Promise.all(earlier);
    await this.#turn();
    try {
      const startMs = performance.now();
      for (const command of component.build.commands) await this.#run(component, command);
      await checkResult(component, this.#plan);
      this.#options.reporter.built(component.id, performance.now() - startMs);
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    while (this.#running >= this.#options.jobs) {
      const turn = Promise.withResolvers<void>();
      this.#waiting.push(turn.resolve);
      await turn.promise;
    }
    this.#running++;
  }

  async #run({ id, build }: Buildable, command: string): Promise<void> {
    const { signal, reporter, runShell, environment } = this.#options;
    signal.throwIfAborted();
    const { workdir, origin } = build;
    const place = relative(this.#plan.directory, workdir);
    await checkWorkdir(workdir, place, origin);
    reporter.command(id, command, place);
    const end = await runShell({
      command,
      workdir,
      environment,
      signal,
      onLine: (stream, line) => reporter.line(id, stream, line),
    });
    signal.throwIfAborted();
    if (end.kind === "exit" && end.code === 0) return;
    const where = place === "" ? "" : `, in ${place}`;
    throw new WhorlError(
      "build",
      `component "${id}": "${command}" ${endText(end)} (${origin}${where}); ${advice(end)}`,
    );
  }
}

function endText(end: ShellEnd): string {
  switch (end.kind) {
    case "exit":
      return `ended with exit code ${end.code}`;
    case "signal":
      return `was ended by ${end.signal}`;
    case "unstartable":
      return `could not be started: ${end.reason}`;
  }
}

/** Exit codes of shells for what was never run. */
const notFoundCode = 127;
const notExecutableCode = 126;

function advice(end: ShellEnd): string {
  if (end.kind !== "exit") return "run it by hand to see why";
  if (end.code === notFoundCode) return "install the program that it names, or add it to PATH";
  if (end.code === notExecutableCode) return "make the program that it names executable";
  return "what it wrote is above; correct that and build again";
}

async function checkWorkdir(workdir: string, place: string, origin: string): Promise<void> {
  const isDirectory = await stat(workdir).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isDirectory) return;
  throw new WhorlError("build", `${origin}: the workdir "${place}" is no directory; correct it`);
}

async function checkResult({ id, sourcePath, build }: Buildable, plan: BuildPlan): Promise<void> {
  if (sourcePath === undefined) return;
  const isThere = await stat(sourcePath).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  const source = relative(plan.directory, sourcePath);
  throw new WhorlError(
    "build",
    `component "${id}" was built, but its source ${source} does not exist; correct "source" or the build command (${build.origin})`,
  );
}

import { join } from "node:path";
import { errorText, ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import type { AgentOptions } from "./agent-options.ts";
import { runCanary } from "./canary.ts";
import { applyEdits, backUp, pruneBackups, restore } from "./change-configuration.ts";
import { checkConfiguration } from "./check-configuration.ts";
import { ContainerdApi } from "./containerd-api.ts";
import type { Distribution } from "./distribution.ts";
import type { FrontUpgrade } from "./front-upgrade.ts";
import type { HostCommands } from "./host-command.ts";
import { type InstallSource, installTree } from "./install-tree.ts";
import { formatJournal, type Journal, withBackups, withRestart } from "./journal.ts";
import { type Desired, isDisruptive, nextStep, type Observation, type Step } from "./next-step.ts";
import { type NodeFiles, sha256 } from "./node-files.ts";
import type { NodePaths } from "./node-paths.ts";
import {
  configurationOf,
  distributionOf,
  findRunningContainerd,
  readJournal,
  untilAnswering,
  versionsOf,
} from "./observe-node.ts";
import type { ConfigurationEdit } from "./plan-configuration.ts";

/** Restarts what containerd belongs to on a distribution. Throws ShimError. */
export type Restart = (distribution: Distribution) => Promise<void>;

export interface NodeAgentOptions {
  readonly options: AgentOptions;
  /** Of what is installed. */
  readonly version: string;
  readonly source: InstallSource;
  readonly files: NodeFiles;
  readonly paths: NodePaths;
  readonly commands: HostCommands;
  readonly restart: Restart;
  readonly upgradeFront: FrontUpgrade;
  /** Waits for the permission to disturb the node. */
  readonly takeSlot: (signal: AbortSignal) => Promise<AsyncDisposable>;
  readonly log: (message: string) => void;
  readonly nowMs: () => number;
  /** Told before each step; for tests and for who watches. */
  readonly onStep?: (step: Step) => void;
}

/** How the node is after the agent has done what it could. */
export interface NodeOutcome {
  /** The version whose canary has answered; undefined where none has. */
  readonly ready: string | undefined;
  readonly error: ShimError | undefined;
}

/** Brings one node to what is wanted, step by step; may be killed between any two of them. */
export class NodeAgent {
  readonly #parts: NodeAgentOptions;
  readonly #desired: Desired;
  #verified: string | undefined;
  #verifyTries = 0;
  /** When the front was last asked to make room, and did not. */
  #frontStaysMs: number | undefined;

  constructor(parts: NodeAgentOptions) {
    this.#parts = parts;
    this.#desired = desiredNode(parts);
  }

  get desired(): Desired {
    return this.#desired;
  }

  /**
   * Takes steps until the node is as wanted, or nothing more can be done now. Throws the signal's
   * reason alone.
   */
  async work(signal: AbortSignal): Promise<NodeOutcome> {
    let slot: AsyncDisposable | undefined;
    try {
      for (let steps = 0; steps < shimLimits.agent.stepsMax; steps += 1) {
        signal.throwIfAborted();
        const distribution = distributionOf(this.#parts);
        using api = new ContainerdApi(this.#parts.files.at(distribution.socket));
        const observed = await this.#observe(distribution, api);
        const step = nextStep(observed, this.#desired);
        this.#parts.onStep?.(step);
        if (step.kind === "rest") return { ready: this.#verified, error: undefined };
        if (step.kind === "stop") return this.#stopped(observed, step.error);
        if (isDisruptive(step)) slot ??= await this.#parts.takeSlot(signal);
        await this.#take(step, { distribution, api, observed, signal });
      }
      throw new ShimError(
        "internal",
        "the node does not come to rest: another program undoes what this one does",
      );
    } catch (error) {
      signal.throwIfAborted();
      return { ready: this.#verified, error: ShimError.fromUnknown(error) };
    } finally {
      await slot?.[Symbol.asyncDispose]();
    }
  }

  /** Without containerd nothing runs, whatever ran before. */
  #stopped({ containerd }: Observation, error: ShimError): NodeOutcome {
    return { ready: containerd.kind === "running" ? this.#verified : undefined, error };
  }

  async #observe(distribution: Distribution, api: ContainerdApi): Promise<Observation> {
    const { source, log, nowMs } = this.#parts;
    const { version, handlers } = this.#desired;
    const journal = readJournal(this.#parts, log);
    const found = await findRunningContainerd(this.#parts, distribution, api);
    const versions = versionsOf(this.#parts, source, { version, previous: journal.previous });
    return {
      ...versions,
      containerd: found.state,
      configuration: configurationOf(this.#parts, distribution.style, { found, handlers }),
      frontStays: this.#frontStays(),
      isVerified: versions.current !== undefined && this.#verified === versions.current,
      journal,
      nowMs: nowMs(),
    };
  }

  #frontStays(): boolean {
    const sinceMs = this.#frontStaysMs;
    return sinceMs !== undefined && this.#parts.nowMs() - sinceMs < shimLimits.agent.retryFrontMs;
  }

  async #take(step: Step, at: StepContext): Promise<void> {
    const { observed, signal } = at;
    const { files, paths, source, upgradeFront, log, nowMs } = this.#parts;
    const { version } = this.#desired;
    switch (step.kind) {
      case "install":
        log(`installs version ${version} in ${paths.install}`);
        return installTree(source, join(paths.install, version), files);
      case "switch":
        return this.#switch(step.to, observed.journal);
      case "configure":
        return this.#configure(step.edits, at);
      case "restart":
        return this.#restart(at);
      case "settle":
        return this.#write({
          ...observed.journal,
          change: { kind: "settled" },
          failure: undefined,
        });
      case "take-back":
        return this.#takeBack(step.error, at);
      case "upgrade-front":
        log(`lets the front of version ${observed.current ?? version} take over`);
        this.#frontStaysMs = (await upgradeFront(observed.front, signal)) ? undefined : nowMs();
        this.#verified = undefined;
        return;
      case "verify":
        return this.#verify(at);
      case "clean":
        return this.#clean(step.versions, observed.journal);
      case "rest":
      case "stop":
    }
  }

  /** The journal comes first: what worked before is known whatever happens. */
  async #switch(to: string, journal: Journal): Promise<void> {
    const { files, paths } = this.#parts;
    const from = files.linkTarget(paths.current);
    if (from !== undefined && from !== to) this.#write({ ...journal, previous: from });
    files.link(paths.current, to);
    this.#verified = undefined;
    this.#frontStaysMs = undefined;
  }

  async #configure(edits: readonly ConfigurationEdit[], at: StepContext): Promise<void> {
    const { files, paths, commands, log } = this.#parts;
    const { distribution, observed } = at;
    log(`changes ${edits.map(({ path }) => path).join(", ")}`);
    const backups = backUp(edits, paths.backups, files);
    const journal = withBackups(observed.journal, backups);
    this.#write(journal);
    applyEdits(edits, files);
    this.#verified = undefined;
    try {
      const loaded =
        observed.containerd.kind === "running" ? observed.containerd.loaded : new Map();
      const { handlers } = this.#desired;
      await checkConfiguration({ style: distribution.style, handlers, loaded, commands, files });
    } catch (error) {
      await this.#takeBack(ShimError.fromUnknown(error), {
        ...at,
        observed: { ...observed, journal },
      });
    }
  }

  async #restart({ distribution, api, observed, signal }: StepContext): Promise<void> {
    this.#parts.log("restarts containerd");
    this.#write(withRestart(observed.journal));
    this.#verified = undefined;
    await this.#parts.restart(distribution);
    await untilAnswering(api, signal);
  }

  /** That it failed is written first: an agent that is killed here goes on with it. */
  async #takeBack(
    error: ShimError,
    { distribution, api, observed, signal }: StepContext,
  ): Promise<void> {
    const { files, paths, log, nowMs } = this.#parts;
    const { fingerprint, version } = this.#desired;
    const { journal } = observed;
    const message = errorText(error);
    log(`takes back what was changed: ${message}`);
    const failure = { fingerprint, message, atMs: nowMs() };
    this.#write({ ...journal, failure });
    const { change, previous } = journal;
    const backups = change.kind === "changing" ? change.backups : [];
    const changed = restore(backups, files);
    if (changed.length > 0) {
      log(
        `${changed.join(", ")} was changed by somebody else meanwhile and stays as it is; what it was before is in ${paths.backups}`,
      );
    }
    if (change.kind === "changing" && change.restarts > 0) {
      await this.#parts.restart(distribution);
      await untilAnswering(api, signal);
    }
    if (previous !== undefined && files.linkTarget(paths.current) === version) {
      files.link(paths.current, previous);
    }
    this.#frontStaysMs = undefined;
    this.#verifyTries = 0;
    this.#verified = undefined;
    this.#write({ change: { kind: "settled" }, previous, failure });
  }

  async #verify({ api, observed, distribution, signal, ...rest }: StepContext): Promise<void> {
    const { files, paths, options } = this.#parts;
    const { current, journal } = observed;
    const [first, ...others] = this.#desired.handlers;
    const handlers = [first, ...others.filter(({ servesSandbox }) => servesSandbox)];
    try {
      for (const handler of handlers.flatMap((each) => (each === undefined ? [] : [each.name]))) {
        const { cgroupParent } = options;
        const logFolder = paths.canaryLogs;
        await runCanary({ containerd: api, files, handler, logFolder, cgroupParent, signal });
      }
    } catch (error) {
      signal.throwIfAborted();
      this.#verifyTries += 1;
      const isOfNew = current === this.#desired.version && journal.previous !== undefined;
      const isLast = this.#verifyTries >= shimLimits.agent.canaryTriesMax;
      if (!isOfNew || !isLast) throw error;
      const context = { api, observed, distribution, signal, ...rest };
      return this.#takeBack(ShimError.fromUnknown(error), context);
    }
    this.#verifyTries = 0;
    this.#verified = current;
    const { front } = observed;
    // What came before is needed no longer, unless it is what has really answered.
    const isProved = front.kind === "none" || front.version === current;
    if (current === this.#desired.version && isProved) {
      this.#write({ ...journal, previous: undefined, failure: undefined });
    }
  }

  async #clean(versions: readonly string[], journal: Journal): Promise<void> {
    const { files, paths, options, log } = this.#parts;
    for (const version of versions) {
      log(`removes version ${version}, which nothing runs from any more`);
      // Without its list it is no installed version any more, also if this is interrupted.
      files.remove(join(paths.install, version, "files.json"));
      files.remove(join(paths.install, version));
      files.remove(join(options.cacheFolder, `images-${version}`));
    }
    if (journal.change.kind === "settled") {
      pruneBackups(paths.backups, shimLimits.agent.backupsMax, files);
    }
  }

  #write(journal: Journal): void {
    this.#parts.files.write(this.#parts.paths.journal, formatJournal(journal), 0o600);
  }
}

interface StepContext {
  readonly distribution: Distribution;
  readonly api: ContainerdApi;
  readonly observed: Observation;
  readonly signal: AbortSignal;
}

/** What the options and the version ask for. */
function desiredNode({
  options,
  version,
  paths,
}: Pick<NodeAgentOptions, "options" | "version" | "paths">): Desired {
  const handler = (servesSandbox: boolean) => (name: string) => ({
    ...{ name, shim: paths.shim, servesSandbox },
  });
  const handlers = [
    ...options.handlers.map(handler(false)),
    ...options.shimSandboxHandlers.map(handler(true)),
  ];
  return { version, handlers, fingerprint: sha256(JSON.stringify([version, handlers])) };
}

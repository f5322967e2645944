import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ShimError } from "../error.ts";
import { installLayout } from "../install-layout.ts";
import { shimLimits } from "../limits.ts";
import type { AgentOptions } from "./agent-options.ts";
import { applyEdits, backUp } from "./change-configuration.ts";
import { ContainerdApi } from "./containerd-api.ts";
import type { Distribution } from "./distribution.ts";
import { formatJournal, type Journal, withBackups, withRestart } from "./journal.ts";
import { nextRemovalStep, type RemovalObservation, type RemovalStep } from "./next-step.ts";
import type { Restart } from "./node-agent.ts";
import type { NodeFiles } from "./node-files.ts";
import { type NodePaths, reservedNames } from "./node-paths.ts";
import { livingFront } from "./node-processes.ts";
import {
  configurationOf,
  distributionOf,
  findRunningContainerd,
  podsUnder,
  readJournal,
  untilAnswering,
} from "./observe-node.ts";

export interface RemovalParts {
  readonly options: AgentOptions;
  readonly files: NodeFiles;
  readonly paths: NodePaths;
  readonly restart: Restart;
  readonly log: (message: string) => void;
  /** Told before each step; for tests and for who watches. */
  readonly onStep?: (step: RemovalStep) => void;
}

/**
 * Takes a node back, step by step, until nothing of ours is left; may be killed between any two of
 * them and be begun again.
 * @throws ShimError `failed_precondition` while Wasm pods run, unless it is forced
 */
export async function takeNodeBack(
  parts: RemovalParts,
  { isForced, signal }: { readonly isForced: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const ours = new Set([parts.paths.shim]);
  for (let steps = 0; steps < shimLimits.agent.stepsMax; steps += 1) {
    signal.throwIfAborted();
    const distribution = distributionOf(parts);
    using api = new ContainerdApi(parts.files.at(distribution.socket));
    const observed = await observe(parts, distribution, api);
    const step = nextRemovalStep(observed, { isForced, ours });
    parts.onStep?.(step);
    switch (step.kind) {
      case "configure":
        configure(parts, step, observed.journal);
        break;
      case "restart":
        parts.log("restarts containerd");
        write(parts, withRestart(observed.journal));
        await parts.restart(distribution);
        await untilAnswering(api, signal);
        break;
      case "end-front":
        await endFront(parts, signal);
        break;
      case "delete-files":
        deleteFiles(parts);
        break;
      case "stop":
        throw step.error;
      case "done":
        return;
    }
  }
  throw new ShimError("internal", "another program undoes what this one does on the node");
}

async function observe(
  parts: RemovalParts,
  distribution: Distribution,
  api: ContainerdApi,
): Promise<RemovalObservation> {
  const { files, paths, log } = parts;
  const found = await findRunningContainerd(parts, distribution, api);
  const loaded = found.kind === "running" ? found.state.loaded : new Map<string, string>();
  const handlers = [...loaded].filter(([, type]) => type === paths.shim).map(([name]) => name);
  const pods = handlers.length === 0 ? [] : await podsUnder(api, new Set(handlers));
  const pid = livingFront(files.read(paths.frontPid));
  return {
    containerd: found.state,
    configuration: configurationOf(parts, distribution.style, { found, handlers: [] }),
    pods: pods.map(({ name }) => name),
    front: pid === undefined ? { kind: "none" } : { kind: "running", version: undefined },
    hasFiles: hasFiles(parts),
    journal: readJournal(parts, log),
  };
}

function configure(
  { files, paths, log }: RemovalParts,
  { edits }: RemovalStep & { kind: "configure" },
  journal: Journal,
): void {
  log(`takes its part out of ${edits.map(({ path }) => path).join(", ")}`);
  const backups = backUp(edits, paths.backups, files);
  files.write(paths.journal, formatJournal(withBackups(journal, backups)), 0o600);
  applyEdits(edits, files);
}

function write({ files, paths }: RemovalParts, journal: Journal): void {
  files.write(paths.journal, formatJournal(journal), 0o600);
}

/** With all that it runs. */
async function endFront({ files, paths, log }: RemovalParts, signal: AbortSignal): Promise<void> {
  const pid = livingFront(files.read(paths.frontPid));
  if (pid === undefined) return;
  log(`ends the front (process ${pid})`);
  process.kill(pid, "SIGTERM");
  const deadline = performance.now() + shimLimits.agent.frontEndMsMax;
  while (performance.now() < deadline) {
    if (livingFront(files.read(paths.frontPid)) !== pid) return;
    await delay(pollMs, undefined, { signal });
  }
  process.kill(pid, "SIGKILL");
}

const pollMs = 50;

/** Nobody else writes there. */
function foldersOf({ options }: RemovalParts): readonly string[] {
  return [options.runFolder, options.cacheFolder];
}

function hasFiles(parts: RemovalParts): boolean {
  const { files, paths } = parts;
  return (
    files.linkTarget(paths.current) !== undefined ||
    versionFolders(parts).length > 0 ||
    [dirname(paths.journal), ...foldersOf(parts)].some((path) => files.exists(path))
  );
}

/** Also those that an interrupted installation has left. */
function versionFolders({ files, paths }: RemovalParts): readonly string[] {
  return files
    .list(paths.install)
    .filter((name) => !reservedNames.has(name))
    .map((name) => join(paths.install, name))
    .filter((folder) =>
      [installLayout.list, installLayout.node, installLayout.code, "bin"].some((name) =>
        files.exists(join(folder, name)),
      ),
    );
}

/** What somebody else has put into the install folder stays there; the journal goes last. */
function deleteFiles(parts: RemovalParts): void {
  const { files, paths, log } = parts;
  log(`deletes what is in ${paths.install}`);
  files.removeLink(paths.current);
  for (const folder of [...versionFolders(parts), ...foldersOf(parts)]) files.remove(folder);
  files.remove(dirname(paths.journal));
  files.removeEmptyFolder(paths.install);
}

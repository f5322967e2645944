import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseAgentOptions } from "../../shim/agent/agent-options.ts";
import { frontUpgrade } from "../../shim/agent/front-upgrade.ts";
import { hostCommands } from "../../shim/agent/host-command.ts";
import { readInstallSource } from "../../shim/agent/install-tree.ts";
import { NodeAgent, type NodeAgentOptions, type NodeOutcome } from "../../shim/agent/node-agent.ts";
import { NodeFiles } from "../../shim/agent/node-files.ts";
import { nodePaths } from "../../shim/agent/node-paths.ts";
import { type RemovalParts, takeNodeBack } from "../../shim/agent/take-node-back.ts";
import { formatInstallList, installLayout, parseInstallList } from "../../shim/install-layout.ts";
import type { TestContainerd } from "../servers/containerd.ts";
import type { ContainerdRelease } from "../servers/containerd-configuration.ts";
import { TestNode } from "./test-node.ts";

interface AgentSettings {
  readonly args?: readonly string[];
  readonly source?: string;
}

const workMsMax = 100_000;

/** A containerd with an agent at its side, which has the whole machine as its node. */
export class AgentNode implements AsyncDisposable {
  readonly handler = "agent";
  /** Of containerd, before anything was changed. */
  readonly original: string;
  readonly log: string[] = [];
  readonly #node: TestNode;
  readonly #tree: string;
  #steps: string[] = [];

  private constructor(node: TestNode, tree: string) {
    this.#node = node;
    this.#tree = tree;
    this.original = this.configuration;
  }

  /** `tree`: what is to be installed. */
  static async start(release: ContainerdRelease, tree: string): Promise<AgentNode> {
    return new AgentNode(await TestNode.start(release, { shimFolder: join(tree, "bin") }), tree);
  }

  get containerd(): TestContainerd {
    return this.#node.containerd;
  }

  get configurationFile(): string {
    return join(this.containerd.folder, "config.toml");
  }

  get configuration(): string {
    return readFileSync(this.configurationFile, "utf8");
  }

  get install(): string {
    return join(this.containerd.folder, "opt/whorl");
  }

  /** A folder of a file system that nothing can be written to. */
  readOnlyFolder(): string {
    const folder = join(this.containerd.folder, "sealed");
    mkdirSync(folder);
    const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", "ro", "none", folder]);
    if (status !== 0) throw new Error(String(stderr));
    return folder;
  }

  /** Kinds of the steps since the last time. */
  takeSteps(): readonly string[] {
    const steps = this.#steps;
    this.#steps = [];
    return steps;
  }

  /** Command line of the agent for this node. */
  args(...more: readonly string[]): readonly string[] {
    const { containerd } = this;
    return [
      "--host-root=/",
      `--source=${this.#tree}`,
      `--install-folder=${this.install}`,
      `--run-folder=${join(containerd.folder, "whorl")}`,
      `--cache-folder=${join(containerd.folder, "cache")}`,
      `--containerd-config=${this.configurationFile}`,
      `--containerd-socket=${containerd.socket}`,
      "--distribution=plain",
      `--handlers=${this.handler}`,
      `--canary-cgroup-parent=${containerd.cgroupParent}`,
      ...more,
    ];
  }

  /** The agent of a version, as if it had just been started. */
  agent(version: string, settings: AgentSettings = {}): NodeAgent {
    return new NodeAgent(this.#agentParts(version, settings));
  }

  /** What it comes to; it has to be without an error. */
  async work(version: string, settings: AgentSettings = {}): Promise<NodeOutcome> {
    const outcome = await this.agent(version, settings).work(AbortSignal.timeout(workMsMax));
    if (outcome.error === undefined) return outcome;
    throw new Error(this.log.join("\n"), { cause: outcome.error });
  }

  /** As a kubelet does to pods that it does not know. Resolves when the first canary has ended. */
  async endFirstCanary(): Promise<void> {
    const { cri } = this.containerd;
    for (let tries = 0; tries < 2000; tries += 1) {
      const { items } = await cri.call("ListPodSandbox", {});
      const pods = items as readonly { id: string; metadata: { namespace: string } }[];
      const canary = pods.find(({ metadata }) => metadata.namespace === "whorl-canary");
      if (canary !== undefined) {
        await cri.call("StopPodSandbox", { podSandboxId: canary.id });
        return;
      }
      await delay(20);
    }
    throw new Error("there was no canary");
  }

  takeBack(isForced = false): Promise<void> {
    const signal = AbortSignal.timeout(workMsMax);
    return takeNodeBack(this.#removalParts(), { isForced, signal });
  }

  /**
   * Ends an agent in the middle of its first step of a kind: nothing that it would write to the
   * node after the first file of it is written any more.
   */
  async killedIn(version: string, kind: string): Promise<void> {
    const parts = this.#agentParts(version, {});
    const files = new MortalFiles();
    const { error } = await new NodeAgent({
      ...parts,
      files,
      onStep: (step) => {
        if (step.kind === kind) files.writesLeft = 1;
        parts.onStep?.(step);
      },
      restart: () => restartOf(this.containerd, files),
    }).work(AbortSignal.timeout(workMsMax));
    if (error !== undefined) throw error;
  }

  async killedInRemoval(kind: string): Promise<void> {
    const files = new MortalFiles();
    await takeNodeBack(
      {
        ...this.#removalParts(),
        files,
        onStep: (step) => {
          if (step.kind === kind) files.writesLeft = 1;
        },
        restart: () => restartOf(this.containerd, files),
      },
      { isForced: false, signal: AbortSignal.timeout(workMsMax) },
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#node[Symbol.asyncDispose]();
  }

  #removalParts(): RemovalParts {
    const options = parseAgentOptions(this.args());
    return {
      options,
      files: new NodeFiles("/"),
      paths: nodePaths(options.installFolder, options.runFolder),
      restart: () => restartOf(this.containerd),
      log: (message) => void this.log.push(message),
      onStep: ({ kind }) => void this.#steps.push(kind),
    };
  }

  #agentParts(version: string, { args = [], source }: AgentSettings): NodeAgentOptions {
    const options = parseAgentOptions([...this.args(), ...args]);
    const commands = hostCommands({ root: "/", enter: [] });
    const parts = { ...this.#removalParts(), options };
    const paths = nodePaths(options.installFolder, options.runFolder);
    const { files, log } = parts;
    return {
      ...parts,
      ...{ version, paths, commands },
      source: readInstallSource(source ?? options.source),
      upgradeFront: frontUpgrade({ commands, files, paths, log }),
      takeSlot: async () => ({ [Symbol.asyncDispose]: () => Promise.resolve() }),
      nowMs: () => Date.now(),
      onStep: ({ kind }) => void this.#steps.push(kind),
    };
  }
}

async function restartOf(containerd: TestContainerd, files?: MortalFiles): Promise<void> {
  files?.live();
  await containerd.killServer();
  await containerd.startServer();
}

/** Files of the machine, until their writer is dead. */
class MortalFiles extends NodeFiles {
  /** How often something may still be written. */
  writesLeft = Number.POSITIVE_INFINITY;

  constructor() {
    super("/");
  }

  live(): void {
    if (this.writesLeft <= 0) throw new Error("killed");
    this.writesLeft -= 1;
  }

  override write(...args: Parameters<NodeFiles["write"]>): void {
    this.live();
    super.write(...args);
  }

  override copyIn(...args: Parameters<NodeFiles["copyIn"]>): void {
    this.live();
    super.copyIn(...args);
  }

  override remove(path: string): void {
    this.live();
    super.remove(path);
  }

  override link(path: string, target: string): void {
    this.live();
    super.link(path, target);
  }
}

/** A tree whose host program ends at once. */
export function brokenTree(tree: string, target: string): string {
  cpSync(tree, target, { recursive: true });
  const program = join(installLayout.code, "host.js");
  const content = Buffer.from('throw new Error("broken on purpose");\n');
  writeFileSync(join(target, program), content);
  const list = join(target, installLayout.list);
  const files = parseInstallList(readFileSync(list, "utf8")).map((file) =>
    file.path === program
      ? {
          ...file,
          bytes: content.length,
          sha256: createHash("sha256").update(content).digest("hex"),
        }
      : file,
  );
  writeFileSync(list, formatInstallList(files));
  return target;
}

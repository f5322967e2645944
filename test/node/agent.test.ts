/** The agent on a real containerd: installs, upgrades, fails, is killed, takes the node back. */
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { buildShim } from "../../shim/build-shim.ts";
import { containerdReleases, type ContainerdRelease } from "../servers/containerd-configuration.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { AgentNode, brokenTree } from "./agent-node.ts";
import { fetchText } from "./test-node.ts";

const http = { name: "http", image: "localhost/http:1" };

let folder: TemporaryFolder;
let tree: string;

beforeAll(async () => {
  folder = new TemporaryFolder({});
  tree = folder.file("tree");
  await buildShim(tree);
});

afterAll(() => folder[Symbol.dispose]());

describe.each(Object.keys(containerdReleases) as ContainerdRelease[])(
  "containerd %s",
  (release) => {
    let node: AgentNode;

    beforeEach(async () => {
      node = await AgentNode.start(release, tree);
    });

    afterEach(() => node[Symbol.asyncDispose]());

    test("from nothing to an answer, to the next version, to nothing again", async () => {
      const first = await node.work("1.0.0");
      expect(first).toEqual({ ready: "1.0.0", error: undefined });
      const installation = ["install", "switch", "configure", "restart", "settle", "verify"];
      expect(node.takeSteps()).toEqual([...installation, "rest"]);
      expect(node.configuration.startsWith(node.original)).toBe(true);
      expect(readdirSync(join(node.install, "agent/canary"))).toEqual([]);

      await node.work("1.0.0");
      expect(node.takeSteps()).toEqual(["verify", "rest"]);

      const pod = await node.containerd.runPod({ handler: node.handler });
      const id = await node.containerd.startContainer(pod, http);
      const front = node.containerd.frontPid;
      expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");

      expect(await node.work("2.0.0")).toEqual({ ready: "2.0.0", error: undefined });
      const upgrade = ["install", "switch", "upgrade-front", "verify"];
      // Its host still runs from the version before.
      expect(node.takeSteps()).toEqual([...upgrade, "rest"]);
      expect(node.containerd.frontPid).toBe(front);
      expect(readlinkSync(`/proc/${front}/exe`)).toBe(join(node.install, "2.0.0/node"));
      expect(await node.containerd.cri.containerStatus(id)).toMatchObject({ state: "running" });
      expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");

      await expect(node.takeBack()).rejects.toThrow(
        /Wasm pods still run on this node: default\/pod-1. Delete them or drain/,
      );
      await node.containerd.removePod(pod);
      const agent = node.agent("2.0.0");
      const isCleaned = async (): Promise<void> => {
        await agent.work(AbortSignal.timeout(100_000));
        expect(existsSync(join(node.install, "1.0.0"))).toBe(false);
      };
      // A process of the version before may take a while to end.
      await vi.waitFor(isCleaned, { timeout: 60_000, interval: 500 });

      node.takeSteps();
      await node.takeBack();
      expect(node.takeSteps()).toEqual([
        "configure",
        "restart",
        "end-front",
        "delete-files",
        "done",
      ]);
      expect(node.configuration).toBe(node.original);
      expect(existsSync(node.install)).toBe(false);
      await expect(node.containerd.runPod({ handler: node.handler })).rejects.toThrow(/no runtime/);
      await node.takeBack();
    });

    test("a file that containerd would not read is put back before it is used", async () => {
      // Valid TOML that containerd refuses; it runs with what it has read before.
      const broken = `oom_score = "much"\n${node.original}`;
      writeFileSync(node.configurationFile, broken);
      const { ready, error } = await node.agent("1.0.0").work(AbortSignal.timeout(100_000));
      expect(ready).toBeUndefined();
      expect(error?.message).toContain("put back before it was used");
      expect(node.configuration).toBe(broken);
      expect(node.takeSteps()).not.toContain("restart");

      writeFileSync(node.configurationFile, `${node.original}\n[plugins.half`);
      const next = await node.agent("1.0.1").work(AbortSignal.timeout(100_000));
      expect(next.error?.message).toMatch(/config\.toml:\d+:\d+ is not valid TOML.*Nothing was/);
      expect(node.configuration).toBe(`${node.original}\n[plugins.half`);
    });
  },
);

describe("whatever happens", () => {
  let node: AgentNode;

  beforeEach(async () => {
    node = await AgentNode.start("2.4", tree);
  });

  afterEach(() => node[Symbol.asyncDispose]());

  test("a version whose canary does not answer makes room for the one before", async () => {
    await node.work("1.0.0");
    const pod = await node.containerd.runPod({ handler: node.handler });
    await node.containerd.startContainer(pod, http);
    const source = brokenTree(tree, folder.file("broken"));
    const signal = AbortSignal.timeout(100_000);
    const agent = node.agent("2.0.0", { source });
    // A failure may have been somebody else's: it is tried again before anything is taken back.
    for (let tries = 0; tries < 3; tries += 1) await agent.work(signal);
    const { ready, error } = await agent.work(signal);
    expect(ready, node.log.join("\n")).toBe("1.0.0");
    expect(error?.message).toMatch(/canary under the runtime handler agent failed/);
    expect(readlinkSync(join(node.install, "current"))).toBe("1.0.0");
    expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");
    node.takeSteps();
    // The same again would fail again; something else is tried at once.
    expect((await node.agent("2.0.0", { source }).work(signal)).ready).toBe("1.0.0");
    expect(node.takeSteps()).not.toContain("switch");
    expect(await node.work("2.0.1")).toEqual({ ready: "2.0.1", error: undefined });
  });

  test("its canary is ended by somebody else: another one answers", async () => {
    await node.work("1.0.0");
    const ended = node.endFirstCanary();
    expect(await node.work("1.0.0")).toEqual({ ready: "1.0.0", error: undefined });
    await ended;
  });

  test("killed in the middle of each step, the next agent goes on", async () => {
    for (const step of ["install", "switch", "configure", "restart", "settle"] as const) {
      await expect(node.killedIn("1.0.0", step), step).rejects.toThrow("killed");
    }
    expect(await node.work("1.0.0")).toEqual({ ready: "1.0.0", error: undefined });
    expect(node.configuration.split("# >>> whorl").length).toBe(2);
    for (const step of ["configure", "restart", "delete-files"] as const) {
      await expect(node.killedInRemoval(step), step).rejects.toThrow("killed");
    }
    await node.takeBack();
    expect(node.configuration).toBe(node.original);
    expect(existsSync(node.install)).toBe(false);
  });

  test("where nothing can be done: what stands in the way", async () => {
    const failure = async (...args: readonly string[]): Promise<string> => {
      const { error } = await node.agent("1.0.0", { args }).work(AbortSignal.timeout(100_000));
      return error?.message ?? "";
    };
    const nowhere = join(node.containerd.folder, "nowhere");
    expect(
      await failure(`--containerd-socket=${nowhere}/s`, `--containerd-config=${nowhere}/c`),
    ).toMatch(/no containerd on this node: neither .*nowhere\/s nor .*nowhere\/c/);
    expect(await failure(`--containerd-socket=${nowhere}/s`)).toMatch(
      /containerd does not answer at .*Nothing of it was changed by this agent/,
    );
    const sealed = node.readOnlyFolder();
    expect(await failure(`--install-folder=${sealed}/whorl`)).toMatch(
      /cannot write .*whorl.* on the node: its file system is read-only; choose another/,
    );
    expect(await failure("--install-folder=/proc/whorl")).toMatch(/cannot write \/proc\/whorl/);
    expect(await failure("--handlers=runc")).toMatch(
      /config\.toml:\d+ configures the runtime handler runc already/,
    );
    expect(node.configuration).toBe(node.original);
  });

  test("containerd does not read the file that was written: it is taken back", async () => {
    const other = join(node.containerd.folder, "other.toml");
    writeFileSync(other, node.original);
    const args = [`--containerd-config=${other}`];
    const agent = node.agent("1.0.0", { args });
    const { error } = await agent.work(AbortSignal.timeout(100_000));
    expect(error?.message).toContain("does not know the runtime handler agent");
    expect(readFileSync(other, "utf8")).toBe(node.original);
  });
});

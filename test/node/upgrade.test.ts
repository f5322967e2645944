import { readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildShim } from "../../shim/build-shim.ts";
import { frontService } from "../../shim/front/front-service.ts";
import { installLayout } from "../../shim/install-layout.ts";
import { TtrpcClient } from "../../shim/ttrpc/client.ts";
import {
  containerdReleases,
  type ContainerdRelease,
  shimSandboxHandler,
} from "../servers/containerd-configuration.ts";
import type { TestPod } from "../servers/containerd.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { fetchText, patience, TestNode } from "./test-node.ts";

const http = { name: "http", image: "localhost/http:1" };
const busybox = { name: "busybox", image: "localhost/busybox:1", command: ["sleep", "1000"] };
const isRunning = { state: "running" };
const sources = fileURLToPath(new URL("../../shim/main.ts", import.meta.url));

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = new TemporaryFolder({});
  await buildShim(folder.file("next"));
});

afterAll(() => folder[Symbol.dispose]());

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
}

/** Asks one thing after the other over kept and new connections, until it is stopped. */
class Load implements AsyncDisposable {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #work: Promise<unknown>;
  #isStopped = false;
  answered = 0;
  readonly failures: string[] = [];

  constructor(url: string) {
    this.#work = Promise.all(
      [this.#agent, this.#agent, undefined].map((agent) => this.#run(url, agent)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    await this.#work;
    this.#agent.destroy();
  }

  async #run(url: string, agent: Agent | undefined): Promise<void> {
    while (!this.#isStopped) {
      try {
        const status = await statusOf(url, agent);
        if (status === 200) this.answered += 1;
        else this.failures.push(`status ${status}`);
      } catch (error) {
        this.failures.push(String(error));
      }
    }
  }
}

function statusOf(url: string, agent: Agent | undefined): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { agent: agent ?? false }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode));
      response.on("error", reject);
    }).on("error", reject);
  });
}

describe.each(Object.keys(containerdReleases) as ContainerdRelease[])(
  "containerd %s",
  (release) => {
    let node: TestNode;
    let pod: TestPod;
    let served: string;
    let ordinary: string;

    beforeAll(async () => {
      node = await TestNode.start(release, { isolation: "pod" });
      pod = await node.containerd.runPod();
      served = await node.containerd.startContainer(pod, http);
      ordinary = await node.containerd.startContainer(pod, busybox);
      await fetchText(`http://${pod.ip}/`);
    });

    afterAll(() => node[Symbol.asyncDispose]());

    test("under load: no request is lost, no container is restarted", async () => {
      const { frontPid } = node.containerd;
      const host = node.hostPid(served);
      const load = new Load(`http://${pod.ip}/`);
      expect(commandOf(frontPid)).toContain(sources);
      const starting = Promise.all([1, 2, 3].map(() => startedPod()));
      await node.upgrade(folder.file(`next/${installLayout.shim}`));
      const started = await starting;
      expect(node.containerd.frontPid).toBe(frontPid);
      expect(commandOf(frontPid)).toContain(folder.file("next/lib/front.js"));
      expect(readlinkSync(`/proc/${frontPid}/exe`)).toBe(folder.file("next/node"));
      expect(node.hostPid(served)).toBe(host);
      await delay(200);
      await load[Symbol.asyncDispose]();
      expect(load.failures).toEqual([]);
      expect(load.answered).toBeGreaterThan(10);
      expect(await node.cri.containerStatus(served)).toMatchObject(isRunning);
      for (const each of started) {
        expect(await fetchText(`http://${each.ip}/`)).toBe("Hello from Whorl\n");
        await node.containerd.removePod(each);
      }
    });

    async function startedPod(): Promise<TestPod> {
      const started = await node.containerd.runPod();
      await node.containerd.startContainer(started, http);
      return started;
    }

    test("afterwards everything can be asked of what runs", async () => {
      expect(await node.cri.execSync(ordinary, ["echo", "x"])).toMatchObject({ stdout: "x\n" });
      const { stats } = await node.cri.call("ContainerStats", { containerId: served });
      expect(stats).toMatchObject({ memory: { workingSetBytes: { value: expect.any(Number) } } });
      await node.containerd.startContainer(pod, {
        ...http,
        name: "second",
        environment: { SPIN_HTTP_LISTEN_ADDR: "0.0.0.0:8081" },
      });
      expect(await fetchText(`http://${pod.ip}:8081/`)).toBe("Hello from Whorl\n");
    });

    test("the ends of what an earlier front has started are known", async () => {
      const [wasm, other] = await Promise.all([
        node.containerd.runPod().then((each) => node.containerd.startContainer(each, http)),
        node.containerd.startContainer(pod, {
          ...busybox,
          name: "ending",
          command: ["sh", "-c", "trap 'exit 5' TERM; while :; do sleep 0.1; done"],
        }),
      ]);
      const stopped = await startedPod();
      const last = await node.containerd.startContainer(stopped, {
        ...http,
        name: "last",
        environment: { SPIN_HTTP_LISTEN_ADDR: "0.0.0.0:8081" },
      });
      await fetchText(`http://${stopped.ip}:8081/`);
      await node.upgrade();
      process.kill(node.hostPid(wasm), "SIGKILL");
      await expect
        .poll(() => node.cri.containerStatus(wasm), patience)
        .toMatchObject({ state: "exited", exitCode: 137 });
      await node.cri.call("StopContainer", { containerId: other, timeout: 10 });
      expect(await node.cri.containerStatus(other)).toMatchObject({ state: "exited", exitCode: 5 });
      await node.cri.call("StopContainer", { containerId: last, timeout: 10 });
      expect(await node.cri.containerStatus(last)).toMatchObject({ state: "exited", exitCode: 0 });
      expect(node.containerd.frontLog).not.toContain("is lost");
    });

    // How the next program fails has nothing to do with containerd.
    const failures = release === "1.7" ? [] : ["cannot be run", "cannot listen"];
    test.each(failures)("a program that %s: the one before goes on", async (reason) => {
      const program = folder.file("failing.mjs");
      const isCheck = 'process.argv[2] === "check"';
      writeFileSync(
        program,
        `import { Server } from "node:net";
if (!(${isCheck})) Server.prototype.listen = () => { throw new Error("cannot listen"); };
else if (${reason === "cannot be run"}) throw new Error("not today");
process.argv[1] = ${JSON.stringify(sources)};
await import(${JSON.stringify(sources)});
`,
      );
      using front = await TtrpcClient.connect(join(node.containerd.folder, "whorl/front.sock"));
      const answer = front.call({
        service: frontService.name,
        method: frontService.handOver,
        payload: Buffer.from(JSON.stringify({ node: process.execPath, program })),
      });
      await expect(answer).rejects.toThrow(reason);
      expect(commandOf(node.containerd.frontPid)).toContain(sources);
      const last = await startedPod();
      expect(await fetchText(`http://${last.ip}/`)).toBe("Hello from Whorl\n");
      expect(await node.cri.containerStatus(served)).toMatchObject(isRunning);
    });

    test("containerd is killed and started again after an upgrade", async () => {
      await node.containerd.killServer();
      await node.upgrade();
      expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");
      await node.containerd.startServer();
      expect(await node.cri.containerStatus(served)).toMatchObject(isRunning);
      expect(await node.cri.containerStatus(ordinary)).toMatchObject(isRunning);
    });

    const handlers = release === "1.7" ? [] : [shimSandboxHandler];
    test.each(handlers)("a pod without a pause container goes on too: %s", async (handler) => {
      const own = await node.containerd.runPod({ handler });
      const id = await node.containerd.startContainer(own, http);
      await fetchText(`http://${own.ip}/`);
      await node.upgrade();
      expect(await fetchText(`http://${own.ip}/`)).toBe("Hello from Whorl\n");
      expect(await node.cri.containerStatus(id)).toMatchObject(isRunning);
      const { status } = await node.cri.call("PodSandboxStatus", { podSandboxId: own.id });
      expect(status).toMatchObject({ state: 0 });
      await node.containerd.removePod(own);
    });
  },
);

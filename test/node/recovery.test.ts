import { existsSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { TestPod } from "../servers/containerd.ts";
import { containerdReleases, type ContainerdRelease } from "../servers/containerd-configuration.ts";
import { fetchText, patience, TestNode } from "./test-node.ts";

const http = { name: "http", image: "localhost/http:1" };
const busybox = { name: "busybox", image: "localhost/busybox:1", command: ["sleep", "1000"] };
const isRunning = { state: "running" };
const wasKilled = { state: "exited", exitCode: 137 };

describe.each(Object.keys(containerdReleases) as ContainerdRelease[])(
  "containerd %s",
  (release) => {
    let node: TestNode;
    let pod: TestPod;

    beforeAll(async () => {
      node = await TestNode.start(release, { isolation: "pod" });
    });

    afterAll(() => node[Symbol.asyncDispose]());

    beforeEach(async () => {
      pod = await node.containerd.runPod();
    });

    afterEach(() => node.containerd.removePod(pod));

    async function restartServer(whileDown: () => void | Promise<void>): Promise<void> {
      await node.containerd.killServer();
      await whileDown();
      await node.containerd.startServer();
    }

    test("a host process that is killed ends its container, and nothing else", async () => {
      const id = await node.containerd.startContainer(pod, http);
      const other = await node.containerd.startContainer(pod, busybox);
      await fetchText(`http://${pod.ip}/`);
      process.kill(node.hostPid(id), "SIGKILL");
      await expect.poll(() => node.cri.containerStatus(id), patience).toMatchObject(wasKilled);
      expect(await node.cri.containerStatus(other)).toMatchObject(isRunning);
      await node.containerd.startContainer(pod, { ...http, name: "again" });
      expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");
    });

    test("containerd is killed and started again: the pod has served all the time", async () => {
      const id = await node.containerd.startContainer(pod, http);
      const other = await node.containerd.startContainer(pod, busybox);
      await fetchText(`http://${pod.ip}/`);
      await restartServer(async () => {
        expect(await fetchText(`http://${pod.ip}/`, 0)).toBe("Hello from Whorl\n");
      });
      expect(await node.cri.containerStatus(id)).toMatchObject(isRunning);
      expect(await node.cri.containerStatus(other)).toMatchObject(isRunning);
      expect(await node.cri.execSync(other, ["echo", "still here"])).toMatchObject({ exitCode: 0 });
      await node.cri.call("StopContainer", { containerId: id, timeout: 5 });
      expect(await node.cri.containerStatus(id)).toMatchObject({ state: "exited", exitCode: 0 });
    });

    test("a container that ends while containerd is away keeps its exit status", async () => {
      const id = await node.containerd.startContainer(pod, http);
      await fetchText(`http://${pod.ip}/`);
      const pid = node.hostPid(id);
      await restartServer(() => void process.kill(pid, "SIGKILL"));
      await expect.poll(() => node.cri.containerStatus(id), patience).toMatchObject(wasKilled);
    });

    test("the front is killed: its pods end, the next pod has a new one", async () => {
      const id = await node.containerd.startContainer(pod, http);
      const other = await node.containerd.startContainer(pod, busybox);
      await fetchText(`http://${pod.ip}/`);
      const before = node.containerd.frontPid;
      const host = node.hostPid(id);
      process.kill(before, "SIGKILL");
      const exited = { state: "exited" };
      await expect.poll(() => node.cri.containerStatus(id), patience).toMatchObject(exited);
      await expect.poll(() => node.cri.containerStatus(other), patience).toMatchObject(exited);
      await expect.poll(() => existsSync(`/proc/${host}`), patience).toBe(false);
      const next = await node.containerd.runPod();
      await node.containerd.startContainer(next, http);
      expect(await fetchText(`http://${next.ip}/`)).toBe("Hello from Whorl\n");
      expect(node.containerd.frontPid).not.toBe(before);
      await node.containerd.removePod(next);
    });

    test("many pods at once, by one front", async () => {
      const count = 20;
      const pods = await Promise.all(Array.from({ length: count }, () => node.containerd.runPod()));
      await Promise.all(pods.map((each) => node.containerd.startContainer(each, http)));
      const texts = await Promise.all(pods.map(({ ip }) => fetchText(`http://${ip}/`, 90_000)));
      expect(new Set(texts)).toEqual(new Set(["Hello from Whorl\n"]));
      await Promise.all(pods.map((each) => node.containerd.removePod(each)));
    });
  },
);

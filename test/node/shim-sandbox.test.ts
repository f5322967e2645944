import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { TestPod } from "../servers/containerd.ts";
import { shimSandboxHandler } from "../servers/containerd-configuration.ts";
import { fetchText, patience, TestNode } from "./test-node.ts";

const http = { name: "http", image: "localhost/http:1" };
const busybox = { name: "busybox", image: "localhost/busybox:1", command: ["sleep", "1000"] };

let node: TestNode;
let pod: TestPod;

beforeAll(async () => {
  node = await TestNode.start("2.4");
});

afterAll(() => node[Symbol.asyncDispose]());

beforeEach(async () => {
  pod = await node.containerd.runPod({ handler: shimSandboxHandler });
});

afterEach(() => node.containerd.removePod(pod));

test("a pod of Wasm containers alone needs no pause container and no stock shim", async () => {
  await node.containerd.startContainer(pod, http);
  expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");
  const tasks = node.containerd.ctr("task", "ls", "-q").trim().split("\n");
  expect(tasks).toHaveLength(1);
});

test("ordinary containers join its namespaces, one after the other", async () => {
  const init = await node.containerd.startContainer(pod, {
    ...busybox,
    name: "init",
    command: ["sh", "-c", "exit 3"],
  });
  await expect
    .poll(() => node.cri.containerStatus(init), patience)
    .toMatchObject({ state: "exited", exitCode: 3 });
  await node.containerd.startContainer(pod, http);
  const id = await node.containerd.startContainer(pod, busybox);
  await fetchText(`http://${pod.ip}/`);
  const asked = await node.cri.execSync(id, ["wget", "-qO-", "http://127.0.0.1/"]);
  expect(asked.stdout).toBe("Hello from Whorl\n");
  const { stdout } = await node.cri.execSync(id, ["ip", "-4", "addr", "show", "eth0"]);
  expect(stdout).toContain(pod.ip);
  const processes = await node.cri.execSync(id, ["cat", "/proc/1/comm"]);
  expect(processes.stdout).toBe("sleep\n");
});

test("containerd is killed and started again: the pod is still there", async () => {
  const id = await node.containerd.startContainer(pod, http);
  await fetchText(`http://${pod.ip}/`);
  await node.containerd.killServer();
  await node.containerd.startServer();
  expect(await node.cri.containerStatus(id)).toMatchObject({ state: "running" });
  const { status } = await node.cri.call("PodSandboxStatus", { podSandboxId: pod.id });
  expect(status).toMatchObject({ state: 0 });
});

test("a pod that shares its process namespace is refused: its containers would see the node's", async () => {
  const config = {
    ...pod.config,
    metadata: { name: "s", uid: "s", namespace: "default" },
    linux: {},
  };
  const request = { config, runtimeHandler: shimSandboxHandler };
  await expect(node.cri.call("RunPodSandbox", request)).rejects.toThrow("process namespace");
});

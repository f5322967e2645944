import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestPod } from "../servers/containerd.ts";
import { fetchText, patience, TestNode } from "./test-node.ts";

const http = { name: "http", image: "localhost/http:1" };

const killed = { state: "exited", exitCode: 137 };

describe.each(["pod", "namespace"] as const)("isolation %s", (isolation) => {
  let node: TestNode;

  beforeAll(async () => {
    node = await TestNode.start("2.4", { isolation });
  });

  afterAll(() => node[Symbol.asyncDispose]());

  async function startedPod(): Promise<{ pod: TestPod; id: string }> {
    const pod = await node.containerd.runPod();
    const id = await node.containerd.startContainer(pod, http);
    await fetchText(`http://${pod.ip}/`);
    return { pod, id };
  }

  /** The process of guests that was started last. */
  function lastHost(): number {
    return Math.max(...node.hostPids());
  }

  test("how a container ended while containerd was away is still known after upgrades", async () => {
    const { pod, id } = await startedPod();
    const { frontPid } = node.containerd;
    await node.containerd.killServer();
    process.kill(lastHost(), "SIGKILL");
    await delay(100);
    await node.upgrade();
    await node.upgrade();
    expect(node.containerd.frontPid).toBe(frontPid);
    await node.containerd.startServer();
    await expect.poll(() => node.cri.containerStatus(id), patience).toMatchObject(killed);
    await node.cri.call("RemoveContainer", { containerId: id });
    await node.containerd.startContainer(pod, { ...http, name: "next" });
    expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");
    expect(node.containerd.frontLog).not.toContain("is lost");
  });

  test("a host process that ends while the program changes takes nobody else with it", async () => {
    const { id } = await startedPod();
    const { frontPid } = node.containerd;
    const changes = (): number => node.containerd.frontLog.split('"becomes ').length;
    const before = changes();
    const upgrade = node.upgrade();
    while (changes() === before) await delay(1);
    process.kill(lastHost(), "SIGKILL");
    await upgrade;
    expect(node.containerd.frontPid).toBe(frontPid);
    expect(node.containerd.frontLog).not.toContain("cannot go on");
    await expect.poll(() => node.cri.containerStatus(id), patience).toMatchObject(killed);
    await startedPod();
  });
});

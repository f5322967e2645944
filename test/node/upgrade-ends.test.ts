import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { frontService } from "../../shim/front/front-service.ts";
import { TtrpcClient } from "../../shim/ttrpc/client.ts";
import type { TestPod } from "../servers/containerd.ts";
import { fetchText, patience, TestNode } from "./test-node.ts";

const http = { name: "http", image: "localhost/http:1" };

const busybox = { name: "busybox", image: "localhost/busybox:1", command: ["sleep", "1000"] };

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

  /** Runs `act` between the old program's last word and the new one's first. */
  async function whileProgramChanges(act: () => void): Promise<void> {
    const changes = (): number => node.containerd.frontLog.split('"becomes ').length;
    const before = changes();
    const upgrade = node.upgrade();
    while (changes() === before) await delay(1);
    act();
    await upgrade;
  }

  test("a host process that ends while the program changes takes nobody else with it", async () => {
    const { id } = await startedPod();
    const { frontPid } = node.containerd;
    await whileProgramChanges(() => process.kill(lastHost(), "SIGKILL"));
    expect(node.containerd.frontPid).toBe(frontPid);
    expect(node.containerd.frontLog).not.toContain("cannot go on");
    await expect.poll(() => node.cri.containerStatus(id), patience).toMatchObject(killed);
    await startedPod();
  });

  test("a stock shim that ends while the program changes takes only its container with it", async () => {
    const pod = await node.containerd.runPod();
    const id = await node.containerd.startContainer(pod, busybox);
    const shim = node.stockShim(pod, id);
    await whileProgramChanges(() => process.kill(shim.pid, "SIGKILL"));
    await expect
      .poll(() => node.cri.containerStatus(id), patience)
      .toMatchObject({
        state: "exited",
      });
    expect(existsSync(shim.socket)).toBe(false);
    const next = await node.containerd.runPod();
    await node.containerd.startContainer(next, busybox);
  });

  test("a program that vanishes after its trial leaves the one that runs as it was", async () => {
    const { pod, id } = await startedPod();
    const program = join(node.containerd.folder, "vanishing");
    writeFileSync(program, `#!/bin/sh\nrm "$0"\nprintf '{"formats":[1]}'\n`);
    chmodSync(program, 0o755);
    using front = await TtrpcClient.connect(join(node.containerd.folder, "whorl/front.sock"));
    const payload = Buffer.from(JSON.stringify({ node: program, program }));
    const call = { service: frontService.name, method: frontService.handOver, payload };
    await expect(front.call(call)).rejects.toThrow("does not become");
    await startedPod();
    await node.upgrade();
    expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");
    await node.cri.call("StopContainer", { containerId: id, timeout: 10 });
    expect(await node.cri.containerStatus(id)).toMatchObject({ state: "exited", exitCode: 0 });
  });
});

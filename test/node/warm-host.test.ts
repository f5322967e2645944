import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fetchText, patience, TestNode } from "./test-node.ts";

let node: TestNode;

beforeAll(async () => {
  node = await TestNode.start("2.4", { isolation: "pod" });
});

afterAll(() => node[Symbol.asyncDispose]());

/** Host processes of this node's front, those that wait and those that run containers. */
function hostPids(): number[] {
  const front = node.containerd.frontPid;
  const children = readFileSync(`/proc/${front}/task/${front}/children`, "utf8");
  return children
    .split(" ")
    .filter((pid) => pid !== "" && commandOf(pid).includes("shim/host/main.ts"))
    .map(Number);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    // It has just ended.
    return "";
  }
}

function networkOf(path: string): string {
  return readlinkSync(`${path}/ns/net`);
}

test("a container is run by a process that waited, and another one waits then", async () => {
  const pod = await node.containerd.runPod();
  await expect.poll(hostPids, patience).toHaveLength(1);
  const [waiting] = hostPids();
  const id = await node.containerd.startContainer(pod, { name: "a", image: "localhost/http:1" });
  expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");
  expect(node.hostPid(id)).toBe(waiting);
  await expect.poll(hostPids, patience).toHaveLength(2);
  await node.containerd.removePod(pod);
  await expect.poll(hostPids, patience).toHaveLength(1);
});

test("no thread of it is in the node's network, those for names are in the pod's", async () => {
  const pod = await node.containerd.runPod();
  await expect.poll(hostPids, patience).toHaveLength(1);
  const id = await node.containerd.startContainer(pod, { name: "a", image: "localhost/http:1" });
  await fetchText(`http://${pod.ip}/fetch?url=http://localhost/`);
  const process = `/proc/${node.hostPid(id)}`;
  const ofPod = networkOf(process);
  const threads = readdirSync(`${process}/task`).map((name) => `${process}/task/${name}`);
  for (const thread of threads) expect(networkOf(thread)).not.toBe(networkOf("/proc/self"));
  const forNames = threads.filter((thread) =>
    readFileSync(`${thread}/comm`, "utf8").startsWith("libuv-worker"),
  );
  expect(forNames.length).toBeGreaterThan(0);
  expect(new Set(forNames.map(networkOf))).toEqual(new Set([ofPod]));
  await node.containerd.removePod(pod);
});

/** Pipes and disks that take no more: the one container feels it, and nobody else. */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { whorl } from "../../proto/gen/wire.js";
import { buildAppImage } from "../../runtime/app/locked-app-build.ts";
import { ContentStore } from "../../runtime/image/content-store.ts";
import { TtrpcClient } from "../../shim/ttrpc/client.ts";
import type { TestPod } from "../servers/containerd.ts";
import { loggingProgram } from "../servers/logging-program.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { fetchText, logLines, patience, TestNode } from "./test-node.ts";

const httpApp = fileURLToPath(new URL("../../wasm-apps/http-rust/", import.meta.url));
const http = { name: "http", image: "localhost/http:1" };
/** Each request writes so many lines of a KiB. */
const lines = 10_000;
/** Far more in all than garbage that is yet to be collected. */
const requests = 24;
const chatty = {
  name: "chatty",
  image: "localhost/chatty:1",
  command: ["/"],
  environment: { SPIN_HTTP_LISTEN_ADDR: "0.0.0.0:8080" },
};
const chattyManifest = `spin_manifest_version = 2
application.name = "chatty"
[[trigger.http]]
route = "/..."
component = "a"
executor = { type = "wagi" }
[component.a]
source = "a.wasm"
`;

let folder: TemporaryFolder;
let node: TestNode;
let pod: TestPod;

beforeAll(async () => {
  folder = new TemporaryFolder({ "spin.toml": chattyManifest });
  writeFileSync(folder.file("a.wasm"), await loggingProgram(`${"x".repeat(1023)}\\n`, lines));
  node = await TestNode.start("2.4", { isolation: "namespace" });
  await importApp(folder.file("spin.toml"), chatty.image);
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

afterEach(() => node.containerd.removePod(pod));

async function importApp(manifest: string, image: string): Promise<void> {
  const store = await ContentStore.open(folder.file("store"));
  const built = await buildAppImage(manifest, { store, format: "spin" });
  await node.containerd.importArtifact(built, image);
}

function residentBytes(pid: number): number {
  const [, kibibytes] =
    /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kibibytes) * 1024;
}

test.each(["pod", "namespace"] as const)(
  "a log that nobody reads, isolation %s: neither others nor memory suffer, and it ends",
  async (isolation) => {
    pod = await node.containerd.runPod({ annotations: { "io.whorl.isolation": isolation } });
    await node.containerd.startContainer(pod, http);
    const id = await node.containerd.startContainer(pod, chatty);
    await fetchText(`http://${pod.ip}/`);
    await fetchText(`http://${pod.ip}:8080/`);
    const pid = isolation === "pod" ? node.hostPid(id) : Math.max(...node.hostPids());
    {
      using _halted = node.containerd.halt();
      const before = residentBytes(pid);
      for (let request = 0; request < requests; request += 1) {
        await fetchText(`http://${pod.ip}:8080/`, 0);
        expect(await fetchText(`http://${pod.ip}/`, 0)).toBe("Hello from Whorl\n");
      }
      const written = requests * lines * 1024;
      expect(residentBytes(pid) - before).toBeLessThan(written / 2);
      // Nobody can be asked but the front.
      using front = await TtrpcClient.connect(join(node.containerd.folder, "whorl/front.sock"));
      const call = (method: string, payload: Uint8Array): Promise<Uint8Array> =>
        front.call({ service: "containerd.task.v2.Task", method, payload, metadata });
      await call("Kill", whorl.task.KillRequest.encode({ id, signal: 15 }).finish());
      const waited = await call("Wait", whorl.task.ProcessRequest.encode({ id }).finish());
      expect(whorl.task.WaitResponse.decode(waited).exitStatus).toBe(0);
    }
    const hasEnded = { state: "exited", exitCode: 0 };
    await expect.poll(() => node.cri.containerStatus(id), patience).toMatchObject(hasEnded);
    const words = (): readonly string[] => logLines(pod, chatty.name, "stderr");
    await expect.poll(words, patience).toContainEqual(expect.stringMatching(/^x{1023}$/));
    expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");
  },
);

const metadata = [{ key: "containerd-namespace-ttrpc", value: "k8s.io" }];

test("no disk is left for an image: its container says so, until there is some", async () => {
  pod = await node.containerd.runPod();
  const neighbour = await node.containerd.startContainer(pod, http);
  expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");
  const full = { ...chatty, name: "full", image: "localhost/full:1" };
  await importApp(join(httpApp, "spin.toml"), full.image);
  const cache = join(node.containerd.folder, "cache");
  mount("-t", "tmpfs", "-o", "size=64k,mode=0755", "tmpfs", cache);
  using unmounted = new DisposableStack();
  unmounted.defer(() => void spawnSync("umount", ["-l", cache]));
  const id = await node.containerd.startContainer(pod, full);
  const hasFailed = { state: "exited", exitCode: 1 };
  await expect.poll(() => node.cri.containerStatus(id), patience).toMatchObject(hasFailed);
  const reason = /image localhost\/full:1: .*no space left/i;
  const words = (): string => logLines(pod, full.name, "stderr").join("\n");
  await expect.poll(words, patience).toMatch(reason);
  expect(node.containerd.frontLog).toMatch(reason);
  expect(await node.cri.containerStatus(neighbour)).toMatchObject({ state: "running" });
  expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");

  // As much as the image has, and next to nothing for what is prepared of it.
  const { size } = statSync(join(httpApp, "http.wasm"));
  mount("-o", `remount,size=${size + 64 * 1024}`, cache);
  await node.containerd.startContainer(pod, { ...full, name: "again" });
  expect(await fetchText(`http://${pod.ip}:8080/`)).toBe("Hello from Whorl\n");
});

function mount(...args: readonly string[]): void {
  const { status, stderr } = spawnSync("mount", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ClusterDns } from "../servers/cluster-dns.ts";
import type { PodOptions, TestPod } from "../servers/containerd.ts";
import { shimSandboxHandler } from "../servers/containerd-configuration.ts";
import { appImage } from "../servers/test-images.ts";
import { fetchText, logLines, patience, TestNode } from "./test-node.ts";

const apps = fileURLToPath(new URL("../../wasm-apps/", import.meta.url));
const http = { name: "http", image: "localhost/http:1" };
const client = { name: "client", image: "localhost/client:1" };
const isRunning = { state: "running" };
const wasKilled = { state: "exited", exitCode: 137 };

const clientManifest = `spin_manifest_version = 2
application.name = "client"
[[trigger.http]]
route = "/..."
component = "a"
[component.a]
source = "http.wasm"
allowed_outbound_hosts = ["http://*:*"]
`;

let node: TestNode;
let pods: TestPod[];

beforeAll(async () => {
  node = await TestNode.start("2.4", { isolation: "namespace" });
  const component = readFileSync(join(apps, "http-rust/http.wasm"));
  await node.containerd.importImage(
    appImage(client.image, [
      { path: "spin.toml", content: clientManifest },
      { path: "http.wasm", content: component },
    ]),
  );
});

afterAll(() => node[Symbol.asyncDispose]());

beforeEach(() => {
  pods = [];
});

afterEach(async () => {
  for (const pod of pods) await node.containerd.removePod(pod);
});

async function newPod(options: PodOptions = {}): Promise<TestPod> {
  const pod = await node.containerd.runPod(options);
  pods.push(pod);
  return pod;
}

/** A file of the node that a container is to see. */
function nodeFile(pod: TestPod, name: string, content: string): string {
  const folder = join(node.containerd.folder, "files", pod.id);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, 0o666);
  return path;
}

/** Pods that answer, each with its container. */
async function serving(
  options: readonly PodOptions[],
): Promise<readonly (TestPod & { readonly container: string })[]> {
  const started: (TestPod & { readonly container: string })[] = [];
  for (const each of options) {
    const pod = await newPod(each);
    const container = await node.containerd.startContainer(pod, {
      ...http,
      environment: { POD: pod.id },
    });
    expect(await fetchText(`http://${pod.ip}/env`)).toContain(`POD=${pod.id}\n`);
    started.push({ ...pod, container });
  }
  return started;
}

test("pods of a namespace share a process, each on its own address; others do not", async () => {
  const before = node.hostPids();
  await serving([{ namespace: "a" }, { namespace: "a" }, { namespace: "a" }]);
  const [shared, ...more] = node.hostPids().filter((pid) => !before.includes(pid));
  expect(more).toEqual([]);
  await serving([{ namespace: "b" }, { namespace: "b" }]);
  expect(node.hostPids().filter((pid) => !before.includes(pid))).toHaveLength(2);
  for (const { id, ip } of pods) {
    expect(await fetchText(`http://${ip}/env`)).toContain(`POD=${id}\n`);
  }
  expect(node.hostPids()).toContain(shared);
});

test("many pods come at once and go at once, and nothing holds their networks", async () => {
  const hostsBefore = node.hostPids();
  const networksBefore = networkNames();
  const namespace = "crowd";
  const many = (length: number, options: PodOptions): PodOptions[] =>
    Array.from({ length }, () => ({ namespace, ...options }));
  const wanted = [
    ...many(10, {}),
    ...many(10, { handler: shimSandboxHandler }),
    ...many(3, { annotations: { "io.whorl.isolation": "pod" } }),
  ];
  const started = await Promise.all(wanted.map((options) => newPod(options)));
  await Promise.all(started.map((pod) => node.containerd.startContainer(pod, http)));
  const texts = await Promise.all(started.map(({ ip }) => fetchText(`http://${ip}/`)));
  expect(new Set(texts)).toEqual(new Set(["Hello from Whorl\n"]));
  const hosts = node.hostPids().filter((pid) => !hostsBefore.includes(pid));
  expect(hosts).toHaveLength(1 + 3);
  // Of the node they see nothing, so that nothing stays mounted because of them.
  const targets = new Set(hosts.flatMap((pid) => mountTargets(pid).map(topFolder)));
  expect([...targets].filter((name) => ["run", "var", "dev", "sys"].includes(name))).toEqual([]);
  // containerd complains if a network is mounted twice.
  await Promise.all(pods.splice(0).map((pod) => node.containerd.removePod(pod)));
  expect(networkNames()).toEqual(networksBefore);
});

function networkNames(): readonly string[] {
  return readdirSync("/run/netns");
}

/** Paths as the process sees them. */
function mountTargets(pid: number): readonly string[] {
  const lines = readFileSync(`/proc/${pid}/mountinfo`, "utf8").trim().split("\n");
  return lines.map((line) => line.split(" ")[4] ?? "");
}

function topFolder(path: string): string {
  return path.split("/")[1] ?? "";
}

test("a shared process has no privileges, no network and nothing of the node", async () => {
  const before = node.hostPids();
  const [pod] = await serving([{ namespace: "bare" }]);
  const [pid = 0] = node.hostPids().filter((each) => !before.includes(each));
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  expect(status).toMatch(/^Uid:\t19\d{8}\t/m);
  expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  const networks = new Set<string>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const each = readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8");
    expect(each).toMatch(/^Seccomp:\t2$/m);
    expect(each).toMatch(/^CapPrm:\t0+$/m);
    networks.add(readlinkSync(`/proc/${pid}/task/${thread}/ns/net`));
  }
  expect(networks.size).toBe(1);
  expect(networks).not.toContain(readlinkSync("/proc/self/ns/net"));
  const devices = readFileSync(`/proc/${pid}/net/dev`, "utf8").trim().split("\n").slice(2);
  expect(devices.map((line) => line.trim().split(":")[0])).toEqual(["lo"]);
  const root = readdirSync(`/proc/${pid}/root`).toSorted();
  expect(root).not.toContain("etc");
  expect(readdirSync(`/proc/${pid}/root/pods`)).toHaveLength(1);
  expect(await fetchText(`http://${pod?.ip}/`)).toBe("Hello from Whorl\n");
});

test("connections and names are those of the pod's network", async () => {
  const options = { namespace: "callers" };
  const [target, caller, other] = [
    await newPod(options),
    await newPod(options),
    await newPod(options),
  ];
  await node.containerd.startContainer(target, http);
  const gateway = target.ip.replace(/\d+$/, "1");
  const service = (name: string): string | undefined => (name === "target" ? target.ip : undefined);
  await using _dns = await ClusterDns.start(gateway, async (name) => service(name));
  await using mirror = createServer((request, response) => {
    response.end(request.socket.remoteAddress);
  });
  mirror.listen(0, gateway);
  await once(mirror, "listening");
  const { port } = mirror.address() as AddressInfo;
  const search = "callers.svc.cluster.local svc.cluster.local cluster.local";
  const resolver = `search ${search}\nnameserver ${gateway}\noptions ndots:5\n`;
  for (const pod of [caller, other]) {
    const files = [
      ["/etc/resolv.conf", nodeFile(pod, "resolv.conf", resolver)],
      ["/etc/hosts", nodeFile(pod, "hosts", `${gateway} mirror\n127.0.0.1 localhost\n`)],
    ] as const;
    const mounts = files.map(([containerPath, hostPath]) => ({ containerPath, hostPath }));
    await node.containerd.startContainer(pod, { ...client, mounts });
    await fetchText(`http://${pod.ip}/`);
  }
  const ask = (pod: TestPod, url: string): Promise<string> =>
    fetchText(`http://${pod.ip}/fetch?url=${url}`, 0);
  for (const pod of [caller, other]) {
    expect(await ask(pod, `http://mirror:${port}/`)).toBe(pod.ip);
    expect(await ask(pod, `http://${gateway}:${port}/`)).toBe(pod.ip);
    expect(await ask(pod, "http://target/")).toBe("Hello from Whorl\n");
    expect(await ask(pod, "http://target.callers.svc.cluster.local/")).toBe("Hello from Whorl\n");
    expect(await ask(pod, "http://localhost/count")).toBe("1\n");
    await expect(ask(pod, "http://nobody/")).rejects.toThrow("502");
    await expect(ask(pod, "http://localhost:81/")).rejects.toThrow("502");
  }
});

test("a shared process that is killed ends its pods with a reason, and no others", async () => {
  const [neighbour] = await serving([{ namespace: "lives" }]);
  const before = node.hostPids();
  const [first, second] = [
    await newPod({ namespace: "dies" }),
    await newPod({ namespace: "dies" }),
  ];
  const words = nodeFile(first, "words", "");
  const mounts = [{ containerPath: "/dev/termination-log", hostPath: words }];
  const ids = [
    await node.containerd.startContainer(first, { ...http, mounts }),
    await node.containerd.startContainer(second, http),
  ];
  await fetchText(`http://${second.ip}/`);
  const [pid = 0, ...more] = node.hostPids().filter((each) => !before.includes(each));
  expect(more).toEqual([]);
  process.kill(pid, "SIGKILL");
  for (const id of ids) {
    await expect.poll(() => node.cri.containerStatus(id), patience).toMatchObject(wasKilled);
  }
  expect(readFileSync(words, "utf8")).toContain("the process that it shared");
  expect(await fetchText(`http://${neighbour?.ip}/`, 0)).toBe("Hello from Whorl\n");
  // As kubelet does next.
  await node.containerd.startContainer(first, { ...http, name: "again" });
  expect(await fetchText(`http://${first.ip}/`)).toBe("Hello from Whorl\n");
});

test("one container is stopped, drained or at its end: the others go on", async () => {
  const options = { namespace: "calm" };
  const [killed, drained, stays] = await serving([options, options, options]);
  if (killed === undefined || drained === undefined || stays === undefined) expect.fail();
  const slow = fetchText(`http://${drained.ip}/sleep?ms=700`, 0);
  await fetchText(`http://${drained.ip}/`);
  await node.cri.call("StopContainer", { containerId: killed.container, timeout: 0 });
  await node.cri.call("StopContainer", { containerId: drained.container, timeout: 5 });
  await expect(slow).resolves.toBeTypeOf("string");
  expect(await node.cri.containerStatus(killed.container)).toMatchObject(wasKilled);
  const ended = { state: "exited", exitCode: 0 };
  expect(await node.cri.containerStatus(drained.container)).toMatchObject(ended);
  await expect(fetchText(`http://${killed.ip}/`, 0)).rejects.toThrow("ECONNREFUSED");
  expect(await fetchText(`http://${stays.ip}/`, 0)).toBe("Hello from Whorl\n");
  await fetchText(`http://${stays.ip}/log`);
  await expect.poll(() => logLines(stays, "http", "stdout").length, patience).toBeGreaterThan(0);
  expect(logLines(killed, "http", "stdout")).toEqual([]);
});

test("statistics tell containers of a process apart", async () => {
  const options = { namespace: "measured" };
  const [busy, idle] = await serving([options, options]);
  interface Stats {
    readonly cpu: { readonly usageCoreNanoSeconds: { readonly value: number } };
    readonly memory: { readonly workingSetBytes: { readonly value: number } };
  }
  const statsOf = async (containerId = ""): Promise<Stats> =>
    (await node.cri.call("ContainerStats", { containerId }))["stats"] as Stats;
  const cpuOf = async (containerId = ""): Promise<number> =>
    (await statsOf(containerId)).cpu.usageCoreNanoSeconds.value;
  // A process that has much to do tells it a little later.
  for (const pod of [busy, idle]) {
    await expect.poll(() => cpuOf(pod?.container), patience).toBeGreaterThan(0);
  }
  const before = { busy: await cpuOf(busy?.container), idle: await cpuOf(idle?.container) };
  await fetchText(`http://${busy?.ip}/spin`, 0).catch(() => undefined);
  await expect
    .poll(async () => (await cpuOf(busy?.container)) - before.busy, patience)
    .toBeGreaterThan(10 * ((await cpuOf(idle?.container)) - before.idle));
  for (const pod of [busy, idle]) {
    const { memory } = await statsOf(pod?.container);
    expect(memory.workingSetBytes.value).toBeGreaterThan(1e6);
    expect(memory.workingSetBytes.value).toBeLessThan(1e9);
  }
});

test("who shares a process is neither paused nor given limits later", async () => {
  const [pod] = await serving([{ namespace: "limited" }]);
  const linux = { memoryLimitInBytes: 300 << 20 };
  const request = { containerId: pod?.container, linux };
  await expect(node.cri.call("UpdateContainerResources", request)).rejects.toThrow(
    "shares its process",
  );
  expect(() => node.containerd.ctr("task", "pause", pod?.container ?? "")).toThrow(
    "shares its process",
  );
  expect(await node.cri.containerStatus(pod?.container ?? "")).toMatchObject(isRunning);
  expect(await fetchText(`http://${pod?.ip}/`, 0)).toBe("Hello from Whorl\n");
});

test("the front is upgraded: shared pods go on, and their ends are known", async () => {
  const options = { namespace: "upgraded" };
  const before = node.hostPids();
  const [stopped, drained, killed] = await serving([options, options, options]);
  const slow = fetchText(`http://${drained?.ip}/sleep?ms=3000`, 0);
  // Its app is looked at while the front is another program.
  const starting = newPod(options).then(async (pod) => {
    await node.containerd.startContainer(pod, http);
    return pod;
  });
  await node.upgrade();
  const started = await starting;
  expect(await fetchText(`http://${started.ip}/`)).toBe("Hello from Whorl\n");
  expect(await fetchText(`http://${stopped?.ip}/`, 0)).toBe("Hello from Whorl\n");
  await node.cri.call("StopContainer", { containerId: stopped?.container, timeout: 5 });
  await node.cri.call("StopContainer", { containerId: drained?.container, timeout: 5 });
  await expect(slow).resolves.toBeTypeOf("string");
  const ended = { state: "exited", exitCode: 0 };
  expect(await node.cri.containerStatus(stopped?.container ?? "")).toMatchObject(ended);
  expect(await node.cri.containerStatus(drained?.container ?? "")).toMatchObject(ended);
  const [next] = await serving([options]);
  const pids = node.hostPids().filter((pid) => !before.includes(pid));
  expect(pids).toHaveLength(1);
  await node.upgrade();
  process.kill(pids[0] ?? 0, "SIGKILL");
  for (const id of [killed?.container, next?.container]) {
    await expect.poll(() => node.cri.containerStatus(id ?? ""), patience).toMatchObject(wasKilled);
  }
  expect(node.containerd.frontLog).not.toContain("is lost");
});

test("a guest that never lets go fails alone", async () => {
  const options = { namespace: "busy" };
  const [busy, neighbour] = await serving([options, options]);
  const spinning = fetchText(`http://${busy?.ip}/spin`, 0);
  await expect(spinning).rejects.toThrow("500");
  expect(await fetchText(`http://${neighbour?.ip}/`, 0)).toBe("Hello from Whorl\n");
  expect(await node.cri.containerStatus(busy?.container ?? "")).toMatchObject(isRunning);
});

test.each([
  ["it says so", { annotations: { "io.whorl.isolation": "pod" } }, {}],
  ["it has a memory limit", {}, { memoryBytes: 256 << 20 }],
  ["it has a CPU limit", {}, { cpuQuotaUs: 50_000 }],
  ["it runs as another user", {}, { user: 4711 }],
])("a container gets a process of its own because %s", async (_why, pod, container) => {
  await serving([{ namespace: "own" }]);
  const before = node.hostPids();
  const alone = await newPod({ namespace: "own", ...pod });
  const id = await node.containerd.startContainer(alone, { ...http, ...container });
  expect(await fetchText(`http://${alone.ip}/`)).toBe("Hello from Whorl\n");
  expect(node.hostPids()).toContain(node.hostPid(id));
  expect(before).not.toContain(node.hostPid(id));
});

test("pods of several namespaces share a process where they say so", async () => {
  const before = node.hostPids();
  const annotations = { "io.whorl.isolation": "shared" };
  await serving([
    { namespace: "x", annotations },
    { namespace: "y", annotations },
  ]);
  expect(node.hostPids().filter((pid) => !before.includes(pid))).toHaveLength(1);
});

test("the front is killed: nothing of its shared processes is left", async () => {
  const [pod] = await serving([{ namespace: "z" }]);
  const pids = node.hostPids();
  process.kill(node.containerd.frontPid, "SIGKILL");
  const status = (): Promise<unknown> => node.cri.containerStatus(pod?.container ?? "");
  await expect.poll(status, patience).toMatchObject({ state: "exited" });
  await expect
    .poll(() => node.hostPids().filter((pid) => pids.includes(pid)), patience)
    .toEqual([]);
  await serving([{ namespace: "z" }]);
});

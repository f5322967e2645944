import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildShim } from "../../shim/build-shim.ts";
import { installFolders, installLayout, parseInstallList } from "../../shim/install-layout.ts";
import { appImage } from "../servers/test-images.ts";
import { writingProgram } from "../servers/writing-program.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { fetchText, logLines, patience, TestNode } from "./test-node.ts";

const http = { name: "http", image: "localhost/http:1" };
const busybox = { name: "busybox", image: "localhost/busybox:1", command: ["sleep", "1000"] };
const commandApp = `spin_manifest_version = 2
application.name = "x"
[[trigger.command]]
component = "a"
[component.a]
source = "a.wasm"
`;

let folder: TemporaryFolder;
let node: TestNode;

/** As an installer does: the listed files to a folder, a link to the shim where it is looked for. */
beforeAll(async () => {
  folder = new TemporaryFolder({});
  const built = folder.file("built");
  await buildShim(built);
  const files = parseInstallList(readFileSync(join(built, installLayout.list), "utf8"));
  for (const each of installFolders(files))
    mkdirSync(folder.file(`installed/${each}`), { recursive: true });
  for (const { path } of files) copyFileSync(join(built, path), folder.file(`installed/${path}`));
  const shimFolder = folder.file("links");
  mkdirSync(shimFolder);
  for (const shim of [installLayout.shim, installLayout.spinShim]) {
    symlinkSync(join("../installed", shim), join(shimFolder, basename(shim)));
  }
  node = await TestNode.start("2.4", { shimFolder, isolation: "pod" });
  const program = { path: "a.wasm", content: await writingProgram("out.txt", "text") };
  const manifest = { path: "spin.toml", content: commandApp };
  await node.containerd.importImage(appImage("localhost/core:1", [manifest, program]));
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

test("the list names every file as it is, and a second build gives the same", async () => {
  const files = parseInstallList(readFileSync(folder.file("built/files.json"), "utf8"));
  for (const { path, mode, bytes, sha256 } of files) {
    const content = readFileSync(folder.file(`installed/${path}`));
    expect(createHash("sha256").update(content).digest("hex"), path).toBe(sha256);
    expect(content).toHaveLength(bytes);
    expect(statSync(folder.file(`built/${path}`)).mode & 0o777).toBe(mode);
  }
  expect(await buildShim(folder.file("again"))).toEqual(await buildShim(folder.file("built")));
});

test.each(["whorl", "spin"])(
  "%s: Wasm and ordinary containers, by the tree's Node",
  async (handler) => {
    const pod = await node.containerd.runPod({ handler });
    const id = await node.containerd.startContainer(pod, http);
    const other = await node.containerd.startContainer(pod, busybox);
    expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");
    expect(await node.cri.execSync(other, ["echo", "x"])).toMatchObject({ stdout: "x\n" });
    for (const pid of [node.containerd.frontPid, node.hostPid(id)]) {
      expect(readlinkSync(`/proc/${pid}/exe`)).toBe(folder.file("installed/node"));
    }
    await node.containerd.removePod(pod);
  },
);

test("pods that share a process", async () => {
  const annotations = { "io.whorl.isolation": "namespace" };
  const pods = [
    await node.containerd.runPod({ annotations }),
    await node.containerd.runPod({ annotations }),
  ];
  for (const pod of pods) {
    await node.containerd.startContainer(pod, http);
    expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");
    const target = "http://localhost/count";
    expect(await fetchText(`http://${pod.ip}/fetch?url=${target}`)).toBe("1\n");
  }
  expect(node.hostPids()).toHaveLength(1);
  for (const pod of pods) await node.containerd.removePod(pod);
});

test("what is rarely needed is there too: a core module is made a component", async () => {
  const pod = await node.containerd.runPod();
  const mounts = [{ containerPath: "/data", hostPath: node.sharedFolder() }];
  const id = await node.containerd.startContainer(pod, {
    name: "core",
    image: "localhost/core:1",
    mounts,
  });
  await expect
    .poll(() => node.cri.containerStatus(id), patience)
    .toMatchObject({ state: "exited" });
  expect(logLines(pod, "core", "stderr").join("\n")).toBe("");
  expect(readFileSync(join(mounts[0]?.hostPath ?? "", "out.txt"), "utf8")).toBe("text");
  await node.containerd.removePod(pod);
});

test("a pod whose front was killed is cleaned up", async () => {
  const pod = await node.containerd.runPod();
  const id = await node.containerd.startContainer(pod, http);
  await fetchText(`http://${pod.ip}/`);
  process.kill(node.containerd.frontPid, "SIGKILL");
  await expect
    .poll(() => node.cri.containerStatus(id), patience)
    .toMatchObject({ state: "exited" });
  await node.containerd.removePod(pod);
});

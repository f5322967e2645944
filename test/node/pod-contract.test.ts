import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { buildAppImage } from "../../runtime/app/locked-app-build.ts";
import { ContentStore } from "../../runtime/image/content-store.ts";
import type { TestPod } from "../servers/containerd.ts";
import { appImage } from "../servers/test-images.ts";
import { writingProgram } from "../servers/writing-program.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { fetchText, logLines, patience, TestNode } from "./test-node.ts";

const apps = fileURLToPath(new URL("../../wasm-apps/", import.meta.url));
const http = { name: "http", image: "localhost/http:1" };
const busybox = { name: "busybox", image: "localhost/busybox:1", command: ["sleep", "1000"] };
const head = 'spin_manifest_version = 2\napplication.name = "x"\n';

describe.each(["pod", "namespace"] as const)("isolation %s", (isolation) => {
  let node: TestNode;
  let pod: TestPod;

  beforeAll(async () => {
    node = await TestNode.start("2.4", { isolation });
    const command = readFileSync(join(apps, "command-rust/command.wasm"));
    const writer = await writingProgram("out.txt", "written by a guest");
    const configured = `${head}[variables]
colour = { default = "none" }
hidden = { required = true }
[[trigger.http]]
route = "/..."
component = "a"
[component.a]
source = "http.wasm"
allowed_outbound_hosts = ["http://*:*"]
environment = { SHOWN = "by the manifest" }
`;
    const component = readFileSync(join(apps, "http-rust/http.wasm"));
    for (const image of [
      appImage("localhost/command:1", [
        { path: "spin.toml", content: readFileSync(join(apps, "command-rust/spin.toml")) },
        { path: "command.wasm", content: command },
      ]),
      appImage("localhost/configured:1", [
        { path: "spin.toml", content: configured },
        { path: "http.wasm", content: component },
      ]),
    ]) {
      await node.containerd.importImage(image);
    }
    using folder = new TemporaryFolder({ "spin.toml": commandManifest("writer.wasm") });
    writeFileSync(folder.file("writer.wasm"), writer);
    const store = await ContentStore.open(folder.file("store"));
    const built = await buildAppImage(folder.file("spin.toml"), { store, format: "spin" });
    await node.containerd.importArtifact(built, "localhost/writer:1");
  });

  afterAll(() => node[Symbol.asyncDispose]());

  beforeEach(async () => {
    pod = await node.containerd.runPod();
  });

  afterEach(() => node.containerd.removePod(pod));

  function commandManifest(source: string): string {
    return `${head}[[trigger.command]]\ncomponent = "a"\n[component.a]\nsource = "${source}"\n`;
  }

  /** A directory on the node, as kubelet makes them. */
  function volume(name: string, files: Readonly<Record<string, string>> = {}): string {
    const folder = join(node.containerd.folder, "volumes", pod.id, name);
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o777);
    for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
    return folder;
  }

  /** As kubelet writes a config map: a folder of each version, and a link that is exchanged. */
  function writeVersion(folder: string, version: string, content: string): void {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, "key"), content);
    symlinkSync(version, join(folder, "..data.new"));
    renameSync(join(folder, "..data.new"), join(folder, "..data"));
  }

  async function exitCodeOf(id: string): Promise<number> {
    await expect
      .poll(() => node.cri.containerStatus(id), patience)
      .toMatchObject({ state: "exited" });
    return (await node.cri.containerStatus(id)).exitCode;
  }

  function fileOf(path: string): Promise<string> {
    return fetchText(`http://${pod.ip}/file?name=${path}`);
  }

  test("a config map is seen at its mount path, and so is its next version", async () => {
    const folder = volume("config");
    writeVersion(folder, "..1", "first");
    symlinkSync("..data/key", join(folder, "key"));
    const mounts = [{ containerPath: "/etc/config", hostPath: folder, readonly: true }];
    await node.containerd.startContainer(pod, { ...http, mounts });
    expect(await fileOf("etc/config/key")).toBe("first");
    writeVersion(folder, "..2", "second");
    expect(await fileOf("etc/config/key")).toBe("second");
    expect(await fileOf("mounted/note.txt")).toBe("a note\n");
  });

  test("a volume in a folder that the image links elsewhere; a single file", async () => {
    const token = volume("token", { token: "secret" });
    const file = join(volume("file", { "app.json": "{}" }), "app.json");
    await node.containerd.startContainer(pod, {
      ...http,
      isReadOnly: true,
      mounts: [
        { containerPath: "/var/run/secrets/token", hostPath: token, readonly: true },
        { containerPath: "/settings/app.json", hostPath: file, readonly: true },
      ],
    });
    expect(await fileOf("var/run/secrets/token/token")).toBe("secret");
    expect(await fileOf("settings/app.json")).toBe("{}");
  });

  test("a guest as init container writes what another container of the pod reads", async () => {
    const mounts = [{ containerPath: "/data", hostPath: volume("empty") }];
    const writer = { name: "writer", image: "localhost/writer:1", command: ["/"], mounts };
    const init = await node.containerd.startContainer(pod, writer);
    expect(await exitCodeOf(init), logLines(pod, "writer", "stderr").join("\n")).toBe(0);
    await node.containerd.startContainer(pod, { ...http, mounts });
    expect(await fileOf("data/out.txt")).toBe("written by a guest");
    const id = await node.containerd.startContainer(pod, { ...busybox, mounts });
    const { stdout } = await node.cri.execSync(id, ["cat", "/data/out.txt"]);
    expect(stdout).toBe("written by a guest");
  });

  test("a guest cannot write to a volume that is mounted read-only", async () => {
    const mounts = [{ containerPath: "/data", hostPath: volume("empty"), readonly: true }];
    const writer = { name: "writer", image: "localhost/writer:1", command: ["/"], mounts };
    expect(await exitCodeOf(await node.containerd.startContainer(pod, writer))).not.toBe(0);
  });

  test.each([
    [["exit", "1"], 1],
    [["silent"], 0],
    [["trap"], 1],
  ])("a command with the arguments %j ends with %d", async (args, expected) => {
    const command = { name: "command", image: "localhost/command:1", args };
    expect(await exitCodeOf(await node.containerd.startContainer(pod, command))).toBe(expected);
  });

  test("arguments and environment of the container are the command's", async () => {
    const command = { name: "command", image: "localhost/command:1" };
    const shown = { ...command, args: ["arguments", "a b", "c"] };
    expect(await exitCodeOf(await node.containerd.startContainer(pod, shown))).toBe(0);
    expect(logLines(pod, "command", "stdout").join()).toContain("|a b|c");
  });

  test("variables by their plain names do not reach the guest's environment", async () => {
    const environment = { HIDDEN: "secret", SPIN_VARIABLE_COLOUR: "red", COLOR: "blue" };
    const image = "localhost/configured:1";
    await node.containerd.startContainer(pod, { name: "a", image, environment });
    const shown = await fetchText(`http://${pod.ip}/env`);
    expect(shown).toContain("COLOR=blue\n");
    expect(shown).toContain("SHOWN=by the manifest\n");
    expect(shown).not.toContain("secret");
    expect(shown).not.toContain("SPIN_");
  });

  test("names of the pod's hosts file are those that a guest can call", async () => {
    const hosts = join(volume("hosts", { hosts: "127.0.0.1 the-neighbour\n" }), "hosts");
    const mounts = [{ containerPath: "/etc/hosts", hostPath: hosts }];
    const image = "localhost/configured:1";
    const environment = { HIDDEN: "x" };
    await node.containerd.startContainer(pod, { name: "a", image, environment, mounts });
    await fetchText(`http://${pod.ip}/`);
    expect(await fetchText(`http://${pod.ip}/fetch?url=http://the-neighbour/count`)).toBe("1\n");
  });

  test("the reason of a failure is left where the container wants it", async () => {
    const folder = join(node.containerd.folder, "pods/uid/containers/http");
    mkdirSync(folder, { recursive: true });
    const hostPath = join(folder, "0a1b2c3d");
    writeFileSync(hostPath, "");
    chmodSync(hostPath, 0o666);
    const id = await node.containerd.startContainer(pod, {
      ...http,
      environment: { SPIN_HTTP_LISTEN_ADDR: "nowhere" },
      mounts: [{ containerPath: "/run/last-words", hostPath }],
    });
    expect(await exitCodeOf(id)).toBe(1);
    expect(readFileSync(hostPath, "utf8")).toContain('SPIN_HTTP_LISTEN_ADDR is "nowhere"');
  });

  test("who does not finish within the grace period is ended", async () => {
    const containerId = await node.containerd.startContainer(pod, http);
    await fetchText(`http://${pod.ip}/`);
    const slow = fetchText(`http://${pod.ip}/sleep?ms=60000`, 0).catch(() => "cut off");
    await fetchText(`http://${pod.ip}/`);
    await node.cri.call("StopContainer", { containerId, timeout: 1 });
    expect(await slow).toBe("cut off");
    expect(await node.cri.containerStatus(containerId)).toMatchObject({ exitCode: 137 });
  });
});

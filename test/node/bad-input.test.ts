import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestPod } from "../servers/containerd.ts";
import type { ContainerOptions, CriMount } from "../servers/cri.ts";
import type { ImageContent } from "../servers/oci-archive.ts";
import { appImage } from "../servers/test-images.ts";
import { fetchText, logLines, patience, TestNode } from "./test-node.ts";

const hello = fileURLToPath(new URL("../../wasm-apps/hello-rust/hello.wasm", import.meta.url));
const component = { path: "hello.wasm", content: readFileSync(hello) };
const http = { name: "http", image: "localhost/http:1" };
const head = 'spin_manifest_version = 2\napplication.name = "x"\n';
const route = '[[trigger.http]]\nroute = "/..."\ncomponent = "a"\n';
const source = '[component.a]\nsource = "hello.wasm"\n';
const telepathy = '[[trigger.telepathy]]\ncomponent = "a"\n';
const needed = "[variables]\nneeded = { required = true }\n";

/** Each with what has to be said about it. */
const images: readonly (readonly [name: string, reason: string, image: ImageContent])[] = [
  ["a manifest that is no TOML", "spin.toml", app("no-toml", "not = [toml")],
  ["an empty manifest", "spin_manifest_version", app("empty", "")],
  ["a source that is not there", "no.wasm", app("gone", head + route + from("no.wasm"))],
  ["a source that is no component", "spin.toml", app("text", head + route + from("spin.toml"))],
  ["a variable without a value", "needed", app("needed", head + needed + route + source)],
  ["an unknown kind of trigger", "telepathy", app("trigger", head + telepathy + source)],
  ["a program that is not there", "/gone.wasm", program("gone", [])],
  [
    "a program that is none",
    "/broken.wasm",
    program("broken", [{ path: "broken.wasm", content: "\0asm and so on" }]),
  ],
];

function app(name: string, manifest: string): ImageContent {
  return appImage(`localhost/bad-app-${name}:1`, [
    { path: "spin.toml", content: manifest },
    component,
  ]);
}

function program(name: string, entries: ImageContent["entries"]): ImageContent {
  return { name: `localhost/bad-program-${name}:1`, entries, entrypoint: [`/${name}.wasm`] };
}

function from(path: string): string {
  return `[component.a]\nsource = "${path}"\n`;
}

describe.each(["pod", "namespace"] as const)("isolation %s", (isolation) => {
  let node: TestNode;
  let pod: TestPod;
  let neighbour: string;
  let containers = 0;
  // Where processes are shared, preparing the image fails first, then the process of its own.
  const badImages = isolation === "namespace" ? images : images.slice(0, 2);

  beforeAll(async () => {
    node = await TestNode.start("2.4", { isolation });
    for (const [, , image] of badImages) await node.containerd.importImage(image);
    pod = await node.containerd.runPod();
    neighbour = await node.containerd.startContainer(pod, http);
  });

  afterAll(() => node[Symbol.asyncDispose]());

  /** A file or, without content, a directory of the node. */
  function volume(name: string, content?: string): string {
    const folder = join(node.containerd.folder, `volume-${(containers += 1)}`);
    mkdirSync(folder, { mode: 0o755 });
    const path = join(folder, name);
    if (content === undefined) mkdirSync(path);
    else writeFileSync(path, content, { mode: 0o644 });
    return path;
  }

  /** Its own port, so that nothing but what is tested is in its way. */
  async function created(options: Partial<ContainerOptions>): Promise<{
    readonly id: string;
    readonly name: string;
    readonly lastWords: string;
  }> {
    const name = `bad-${(containers += 1)}`;
    const lastWords = volume("termination-log", "");
    chmodSync(lastWords, 0o666);
    const id = await node.containerd.createContainer(pod, {
      ...http,
      ...options,
      name,
      environment: { SPIN_HTTP_LISTEN_ADDR: "0.0.0.0:8080", ...options.environment },
      mounts: [
        ...(options.mounts ?? []),
        { containerPath: "/dev/termination-log", hostPath: lastWords },
      ],
    });
    return { id, name, lastWords };
  }

  /** It alone ends, with 1, and says why wherever people look. */
  async function expectFailure(
    { id, name, lastWords }: Awaited<ReturnType<typeof created>>,
    reason: string,
  ): Promise<void> {
    await node.cri.call("StartContainer", { containerId: id });
    await expect
      .poll(() => node.cri.containerStatus(id), patience)
      .toMatchObject({ state: "exited", exitCode: 1 });
    expect(logLines(pod, name, "stderr").join("\n")).toContain(reason);
    expect(readFileSync(lastWords, "utf8")).toContain(reason);
    expect(node.containerd.frontLog).toContain(id);
    expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");
    expect(await node.cri.containerStatus(neighbour)).toMatchObject({ state: "running" });
  }

  test.each(badImages)("%s", async (_name, reason, { name: image }) => {
    await expectFailure(await created({ image }), reason);
  });

  test.each([
    ["no TOML", "not = [toml", 0o644, "runtime-config.toml"],
    ["a file of somebody else", "", 0o600, "runtime-config.toml"],
    ["a directory", undefined, 0o755, "runtime-config.toml"],
    ["an unknown provider", '[[variables_provider]]\ntype = "moon"\n', 0o644, "moon"],
    ["a store of an unknown kind", '[key_value_store.default]\ntype = "moon"\n', 0o644, "moon"],
  ])("a runtime config that is %s", async (_name, content, mode, reason) => {
    const hostPath = volume("config", content);
    chmodSync(hostPath, mode);
    const mounts: CriMount[] = [{ containerPath: "/runtime-config.toml", hostPath }];
    await expectFailure(await created({ mounts }), reason);
  });

  test("a volume that disappears before the container starts", async () => {
    const hostPath = volume("data");
    const container = await created({ mounts: [{ containerPath: "/data", hostPath }] });
    rmSync(hostPath, { recursive: true });
    await expectFailure(container, hostPath);
  });

  test("a volume that disappears while the container runs", async () => {
    const hostPath = volume("data");
    writeFileSync(join(hostPath, "file"), "here");
    const { id } = await created({
      mounts: [{ containerPath: "/data", hostPath }],
    });
    await node.cri.call("StartContainer", { containerId: id });
    const url = `http://${pod.ip}:8080`;
    expect(await fetchText(`${url}/file?name=data/file`)).toBe("here");
    rmSync(hostPath, { recursive: true });
    await expect(fetchText(`${url}/file?name=data/file`, 0)).rejects.toThrow(/404|500/);
    expect(await fetchText(url)).toBe("Hello from Whorl\n");
    await node.cri.call("StopContainer", { containerId: id, timeout: 5 });
  });

  test.each([
    ["nowhere", "nowhere"],
    ["0.0.0.0:80", "0.0.0.0:80"],
    ["203.0.113.7:8080", "203.0.113.7:8080"],
  ])("an address that cannot be listened on: %s", async (address, reason) => {
    const environment = { SPIN_HTTP_LISTEN_ADDR: address };
    await expectFailure(await created({ environment }), reason);
  });
});

/** The commands' cores against the real registry, skopeo as the second client. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadApp } from "../../runtime/app/load-app.ts";
import { loadImageApp } from "../../runtime/app/locked-app-image.ts";
import { skopeo, skopeoObstacle } from "./skopeo.ts";
import {
  registryLogin as knownLogin,
  registryObstacle,
  startDockerRegistry,
} from "../servers/docker-registry.ts";
import type { DockerRegistry } from "../servers/docker-registry.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { WhorlProcess } from "../whorl-process.ts";
import { formatDescription, inspectImage } from "../../cli/registry/registry-inspect.ts";
import { registryLogin, registryLogout } from "../../cli/registry/registry-login.ts";
import { registryPull } from "../../cli/registry/registry-pull.ts";
import { registryPush } from "../../cli/registry/registry-push.ts";
import type { RegistryPushOptions } from "../../cli/registry/registry-push.ts";
import { openRegistrySession } from "../../cli/registry/registry-session.ts";
import type { RegistrySession } from "../../cli/registry/registry-session.ts";
import { imageToRun, obtainImage } from "../../cli/registry/registry-source.ts";

const helloRust = fileURLToPath(new URL("../../wasm-apps/hello-rust/hello.wasm", import.meta.url));
const plain = { annotations: {}, archives: false, format: "spin" } as const;

let registry: DockerRegistry;
let folder: TemporaryFolder;

beforeAll(async () => {
  const obstacle = registryObstacle() ?? skopeoObstacle();
  if (obstacle !== undefined) throw new Error(obstacle);
  registry = await startDockerRegistry();
  folder = new TemporaryFolder({
    "app/spin.toml": `spin_manifest_version = 2
application.name = "hello"
[[trigger.http]]
route = "/..."
component = "hello"
[component.hello]
source = "hello.wasm"
files = ["*.txt"]
`,
    "app/hello.wasm": readFileSync(helloRust),
    "app/a.txt": "content",
  });
});

afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function open(cache: string): Promise<RegistrySession> {
  return openRegistrySession({ insecure: true, cacheDir: folder.file(cache) }, {});
}

async function push(options: Partial<RegistryPushOptions> & { to: string }): Promise<string> {
  await using session = await open("cache-push");
  const { digest } = await registryPush(
    { from: folder.file("app"), ...plain, ...options },
    session,
  );
  return digest;
}

async function load(from: string, cache: string): ReturnType<typeof loadApp> {
  const target = await imageToRun(from);
  if (target === undefined) return loadApp(from);
  await using session = await open(cache);
  return await loadImageApp(await obtainImage(target, session), loadApp);
}

describe("registryPush", () => {
  test("sends an image that containerd 1.6 takes: archives only", async () => {
    const to = `${registry.host}/container:v1`;
    const digest = await push({ to, format: "container" });
    const raw = JSON.parse(skopeo("inspect", "--raw", "--tls-verify=false", `docker://${to}`)) as {
      readonly layers: readonly { readonly mediaType: string }[];
    };
    const types = new Set(raw.layers.map(({ mediaType }) => mediaType));
    expect([...types]).toEqual(["application/vnd.oci.image.layer.v1.tar+gzip"]);
    const app = await load(to, "cache-container");
    expect(app).toMatchObject({ name: "hello", ociImageDigest: digest });
    expect(app.components.get("hello")?.files).toMatchObject([{ guestPath: "a.txt" }]);
  });

  test("sends a component as wkg does", async () => {
    const to = `${registry.host}/pkg/hello:1.0.0`;
    await push({ from: helloRust, to });
    const raw = JSON.parse(skopeo("inspect", "--raw", "--tls-verify=false", `docker://${to}`)) as {
      readonly config: { readonly mediaType: string };
      readonly layers: readonly { readonly mediaType: string }[];
    };
    expect(raw.config.mediaType).toBe("application/vnd.wasm.config.v0+json");
    expect(raw.layers).toMatchObject([{ mediaType: "application/wasm" }]);
    const config = JSON.parse(
      skopeo("inspect", "--config", "--raw", "--tls-verify=false", `docker://${to}`),
    ) as { readonly component: { readonly exports: readonly string[] } };
    expect(config).toMatchObject({ architecture: "wasm", os: "wasip2" });
    expect(config.component.exports).toContainEqual(expect.stringMatching(/^wasi:http\//));
    const app = await load(to, "cache-wkg");
    expect([...app.components.keys()]).toEqual(["hello"]);
  });

  test("writes a tar file that skopeo sends on, and sends on what it is given", async () => {
    const archive = folder.file("hello.tar");
    const digest = await push({ to: `oci-archive:${archive}:v1` });
    const to = `${registry.host}/from/archive`;
    skopeo("copy", "--dest-tls-verify=false", `oci-archive:${archive}:v1`, `docker://${to}:v1`);
    expect(await push({ from: `${to}:v1`, to: `${to}:v2` })).toBe(digest);
    expect((await load(`${to}@${digest}`, "cache-archive")).name).toBe("hello");
    expect((await load(archive, "cache-archive")).name).toBe("hello");
  });

  test("whorl up serves what skopeo has copied to another repository", async () => {
    const [first, second] = [`${registry.host}/to/skopeo:v1`, `${registry.host}/by/skopeo:v1`];
    const digest = await push({ to: first });
    const insecure = ["--src-tls-verify=false", "--dest-tls-verify=false"];
    skopeo("copy", ...insecure, `docker://${first}`, `docker://${second}`);
    const from = `--from=${second.replace(":v1", `@${digest}`)}`;
    const cache = `--cache-dir=${folder.file("cache-up")}`;
    await using whorl = await WhorlProcess.up(from, ["--insecure", cache]);
    expect(await (await fetch(whorl.url)).text()).toBe("Hello from Whorl\n");
  });
});

test("registryPull unpacks, and writes a layout", async () => {
  const from = `${registry.host}/pull:v1`;
  const digest = await push({ to: from });
  await using session = await open("cache-pull");
  const to = `oci:${folder.file("pulled")}`;
  const pulled = await registryPull({ from, to }, session);
  expect(pulled.digest).toBe(digest);
  expect(readdirSync(pulled.folder).toSorted()).toContain("spin.toml");
  expect(skopeo("inspect", `${to}:v1`)).toContain(digest);
});

test("inspectImage describes", async () => {
  const name = `${registry.host}/inspect:v1`;
  const digest = await push({ to: name, annotations: { "org.example": "a\u001b[31mb" } });
  await using session = await open("cache-inspect");
  const description = formatDescription(await inspectImage(name, session));
  expect(description).toContain(`Digest:    ${digest}\nForm:      Spin application\n`);
  expect(description).toContain("Note:      org.example=a?[31mb\n");
  expect(description).toContain(
    "Components:\n  hello (1 files)\nTriggers:\n  http /... (hello-http-trigger)\n",
  );
});

describe("registryLogin", () => {
  let guarded: DockerRegistry;
  beforeAll(async () => {
    guarded = await startDockerRegistry({ login: true });
  });
  afterAll(() => guarded[Symbol.asyncDispose]());

  test("keeps good credentials where docker and skopeo find them, then forgets them", async () => {
    const environment = { DOCKER_CONFIG: folder.file("docker") };
    const server = guarded.host;
    const saved = await registryLogin({ server, ...knownLogin, insecure: true }, environment);
    expect(saved).toMatchObject({ server, isPlain: true });
    const cacheDir = folder.file("cache-login");
    await using session = await openRegistrySession({ insecure: true, cacheDir }, environment);
    const to = `${server}/app:v1`;
    const { digest } = await registryPush({ from: folder.file("app"), to, ...plain }, session);
    const authFile = `--authfile=${saved.configPath}`;
    expect(skopeo("inspect", "--tls-verify=false", authFile, `docker://${to}`)).toContain(digest);
    expect(await registryLogout(server, environment)).toBe(true);
    expect(await registryLogout(server, environment)).toBe(false);
    await using anonymous = await openRegistrySession({ insecure: true, cacheDir }, environment);
    await expect(registryPull({ from: to }, anonymous)).rejects.toThrow(/registry login/);
  });

  test.each([
    { change: { password: "wrong" }, message: /401|refuses this name and password/ },
    { change: { password: "" }, message: /password is empty/ },
    { change: { username: "a:b" }, message: /cannot be a user name/ },
    { change: { server: "a b" }, message: /is no registry/ },
  ])("refuses $change and keeps nothing", async ({ change, message }) => {
    const environment = { DOCKER_CONFIG: folder.file("docker-bad") };
    const options = { server: guarded.host, ...knownLogin, insecure: true, ...change };
    await expect(registryLogin(options, environment)).rejects.toThrow(message);
    expect(existsSync(folder.file("docker-bad"))).toBe(false);
  });
});

test("a disk that is full is told, and nothing half-written stays", async () => {
  const from = `${registry.host}/full:v1`;
  await push({ to: from });
  // A tiny file system in a mount namespace of its own.
  const script = `
    const { openRegistrySession } = await import("./cli/registry/registry-session.ts");
    const { registryPull } = await import("./cli/registry/registry-pull.ts");
    const { readdirSync } = await import("node:fs");
    const cacheDir = process.argv[1];
    await using session = await openRegistrySession({ insecure: true, cacheDir }, {});
    const said = await registryPull({ from: process.argv[2] }, session).catch((e) => e);
    console.log(JSON.stringify({ code: said.code, message: said.message, left: readdirSync(cacheDir + "/images/ingest") }));`;
  const cache = folder.file("tiny");
  const mounted = `mkdir -p "$0" && mount -t tmpfs -o size=24k tmpfs "$0" && exec "$1" --input-type=module -e "$2" "$0" "$3"`;
  const { stdout, stderr } = spawnSync(
    "unshare",
    ["--mount", "--map-root-user", "sh", "-c", mounted, cache, process.execPath, script, from],
    { encoding: "utf8", cwd: fileURLToPath(new URL("../..", import.meta.url)) },
  );
  expect(stderr).toBe("");
  const said = JSON.parse(stdout) as { code: string; message: string; left: string[] };
  expect(said.code).toBe("file");
  expect(said.message).toMatch(/ENOSPC.*free some space/);
  expect(said.left).toEqual([]);
});

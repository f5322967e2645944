/** The real registry and skopeo as the second client. */
import { mkdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadApp } from "../../runtime/app/load-app.ts";
import { lockManifest } from "../../runtime/app/locked-app-from-manifest.ts";
import { loadImageApp } from "../../runtime/app/locked-app-image.ts";
import { encodeLockedApp } from "../../runtime/app/locked-app.ts";
import { ContentStore } from "../../runtime/image/content-store.ts";
import { fixedCredentials } from "../../runtime/image/credential-source.ts";
import type { BuiltImage } from "../../runtime/image/image.ts";
import { importLayout } from "../../runtime/image/oci-layout.ts";
import { pullImage } from "../../runtime/image/pull-image.ts";
import { pushImage } from "../../runtime/image/push-image.ts";
import { parseReference } from "../../runtime/image/reference.ts";
import { RegistryClient } from "../../runtime/image/registry-client.ts";
import type { RegistryClientOptions } from "../../runtime/image/registry-client.ts";
import { buildSpinArtifact } from "../../runtime/image/spin-artifact.ts";
import type { TransferEvent } from "../../runtime/image/transfer-progress.ts";
import {
  registryLogin,
  registryObstacle,
  startDockerRegistry,
} from "../servers/docker-registry.ts";
import type { DockerRegistry } from "../servers/docker-registry.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { skopeo, skopeoObstacle } from "./skopeo.ts";

const wasm = Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, ...Array(5000).fill(0)]);

const manifest = `spin_manifest_version = 2
[application]
name = "shop"
version = "1.2.3"
description = "sells things"
authors = ["Ann <ann@example.com>", "Bob"]
[variables]
greeting = { default = "hi" }
[[trigger.http]]
route = "/..."
component = "front"
[component.front]
source = "front.wasm"
environment = { LOG = "debug" }
files = ["assets/**/*"]
allowed_outbound_hosts = ["https://{{ greeting }}.example.com"]
key_value_stores = ["default"]
[component.front.variables]
text = "{{ greeting }}!"
`;

let registry: DockerRegistry;
let folder: TemporaryFolder;

beforeAll(async () => {
  const obstacle = registryObstacle() ?? skopeoObstacle();
  if (obstacle !== undefined) throw new Error(obstacle);
  registry = await startDockerRegistry();
  folder = new TemporaryFolder({
    "app/spin.toml": manifest,
    "app/front.wasm": wasm,
    "app/assets/small.txt": "small",
    "app/assets/deep/large.txt": "x".repeat(1000),
  });
});

afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function openStore(name: string): Promise<ContentStore> {
  mkdirSync(folder.file(name), { recursive: true });
  return ContentStore.open(folder.file(name));
}

async function buildShop(archives = false): Promise<BuiltImage> {
  const locked = await lockManifest(folder.file("app/spin.toml"));
  const store = await openStore("build");
  return buildSpinArtifact(locked, { encode: encodeLockedApp, store, archives });
}

function insecureClient(options: RegistryClientOptions = {}): Promise<RegistryClient> {
  return RegistryClient.create({ insecure: true, ...options });
}

async function loadFrom(reference: string, storeName: string): ReturnType<typeof loadApp> {
  await using client = await insecureClient();
  const store = await openStore(storeName);
  const image = await pullImage(parseReference(reference), { client, store, machine: "amd64" });
  return loadImageApp(image, loadApp);
}

describe.each([
  { form: "one layer per file", archives: false },
  { form: "one archive per component", archives: true },
])("a Spin artifact, $form", ({ archives }) => {
  const tag = archives ? "archive" : "plain";

  test("goes to a registry, through skopeo and back, and is the same app", async () => {
    await using client = await insecureClient();
    const image = await buildShop(archives);
    const reference = `${registry.host}/shop:${tag}`;
    await pushImage(image, parseReference(reference), { client });
    const inspected = JSON.parse(
      skopeo("inspect", "--tls-verify=false", `docker://${reference}`),
    ) as { Digest: string; Architecture: string; Os: string };
    expect(inspected).toMatchObject({ Digest: image.digest, Architecture: "wasm", Os: "Wasip1" });
    const copy = `${registry.host}/copy/of/shop:${tag}`;
    skopeo(
      "copy",
      "--src-tls-verify=false",
      "--dest-tls-verify=false",
      `docker://${reference}`,
      `docker://${copy}`,
    );
    const app = await loadFrom(copy, `store-${tag}`);
    const component = app.components.get("front");
    expect(app).toMatchObject({ name: "shop", version: "1.2.3", ociImageDigest: image.digest });
    expect(component?.environment).toEqual([["LOG", "debug"]]);
    expect(component?.keyValueStores).toEqual(["default"]);
    const original = (await loadApp(folder.file("app"))).components.get("front");
    expect(component?.allowedOutboundHosts).toEqual(original?.allowedOutboundHosts);
    expect(component?.variables).toEqual(original?.variables);
    expect(readFileSync(component?.sourcePath ?? "")).toEqual(Buffer.from(wasm));
    const files = component?.files.map(({ hostPath, guestPath }) => [
      guestPath,
      readFileSync(hostPath, "utf8"),
    ]);
    expect(files?.toSorted()).toEqual([
      ["assets/deep/large.txt", "x".repeat(1000)],
      ["assets/small.txt", "small"],
    ]);
  });

  test("comes back from an OCI layout that skopeo wrote", async () => {
    const layout = folder.file(`layout-${tag}`);
    const from = `docker://${registry.host}/shop:${tag}`;
    skopeo("copy", "--src-tls-verify=false", from, `oci:${layout}:v1`);
    const store = await openStore(`layout-store-${tag}`);
    const image = await importLayout(layout, { store, machine: "amd64", tag: "v1" });
    const app = await loadImageApp(image, loadApp);
    expect(app.name).toBe("shop");
  });
});

test("a second push sends nothing, a second pull moves nothing", async () => {
  await using client = await insecureClient();
  const image = await buildShop();
  const reference = parseReference(`${registry.host}/twice:v1`);
  const events: TransferEvent[] = [];
  const onTransfer = (event: TransferEvent): void => void events.push(event);
  expect(await pushImage(image, reference, { client, onTransfer })).toEqual({ wasThere: false });
  expect(outcomes(events)).toEqual(["moved", "moved", "moved", "moved"]);
  events.length = 0;
  expect(await pushImage(image, reference, { client, onTransfer })).toEqual({ wasThere: true });
  expect(events).toEqual([]);
  const other = parseReference(`${registry.host}/twice:v2`);
  await pushImage(image, other, { client, onTransfer });
  expect(outcomes(events)).toEqual(["present", "present", "present", "present"]);
  events.length = 0;
  const store = await openStore("twice");
  const options = { client, store, machine: "amd64", onTransfer };
  await pullImage(reference, options);
  expect(outcomes(events)).toEqual(["moved", "moved", "moved", "moved"]);
  events.length = 0;
  await pullImage(other, options);
  expect(outcomes(events)).toEqual(["present", "present", "present", "present"]);
});

test("layers are taken from another repository of the registry", async () => {
  await using client = await insecureClient();
  const image = await buildShop();
  await pushImage(image, parseReference(`${registry.host}/mount/from:v1`), { client });
  const events: TransferEvent[] = [];
  await pushImage(image, parseReference(`${registry.host}/mount/to:v1`), {
    client,
    mountFrom: "mount/from",
    onTransfer: (event) => void events.push(event),
  });
  expect(outcomes(events)).toEqual(["mounted", "mounted", "mounted", "mounted"]);
});

test("large blobs go in pieces, tags are listed", async () => {
  await using client = await insecureClient();
  const image = await buildShop();
  const reference = parseReference(`${registry.host}/pieces:v1`);
  await pushImage(image, reference, { client, pieceBytes: 1000 });
  const store = await openStore("pieces");
  const pulled = await pullImage(reference, { client, store, machine: "amd64" });
  expect(pulled.digest).toBe(image.digest);
  expect(await client.repository(reference).tags()).toEqual(["v1"]);
});

describe("a registry with TLS and a password", () => {
  let guarded: DockerRegistry;
  beforeAll(async () => {
    guarded = await startDockerRegistry({ tls: true, login: true });
  });
  afterAll(() => guarded[Symbol.asyncDispose]());

  const login = fixedCredentials({ kind: "password", ...registryLogin });

  test("takes an image from who trusts its authority and knows the password", async () => {
    const caCertificates = guarded.authority?.pem;
    await using client = await RegistryClient.create({ caCertificates, credentials: login });
    const image = await buildShop();
    const reference = `${guarded.host}/shop:v1`;
    await pushImage(image, parseReference(reference), { client });
    const inspected = skopeo(
      "inspect",
      `--cert-dir=${guarded.authority?.folder ?? ""}`,
      `--creds=${registryLogin.username}:${registryLogin.password}`,
      `docker://${reference}`,
    );
    expect(inspected).toContain(image.digest);
    const store = await openStore("guarded");
    const pulled = await pullImage(parseReference(reference), { client, store, machine: "amd64" });
    expect(pulled.digest).toBe(image.digest);
  });

  test("is used without a check of its certificate only when asked", async () => {
    await using strict = await RegistryClient.create({ credentials: login });
    await expect(strict.checkLogin(guarded.host)).rejects.toThrow(/not trusted.*--ca-file/);
    await using lax = await insecureClient({ credentials: login });
    await lax.checkLogin(guarded.host);
  });

  test.each([
    {
      who: "nobody",
      credentials: undefined,
      message: /needs a name and a password.*registry login/,
    },
    {
      who: "somebody else",
      credentials: fixedCredentials({ kind: "password", username: "whorl", password: "wrong" }),
      message: /401.*registry login/,
    },
  ])("refuses $who", async ({ credentials, message }) => {
    await using client = await insecureClient({ credentials });
    await expect(client.checkLogin(guarded.host)).rejects.toThrow(message);
  });
});

test("plain HTTP is not spoken unless asked", async () => {
  await using client = await RegistryClient.create();
  await expect(client.checkLogin(registry.host)).rejects.toThrow(/no.* TLS.*--insecure/);
});

function outcomes(events: readonly TransferEvent[]): string[] {
  return events.flatMap((event) => (event.kind === "done" ? [event.outcome] : []));
}

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ContentStore } from "../image/content-store.ts";
import { sha256Digest } from "../image/digest.ts";
import type { BuiltImage } from "../image/image.ts";
import { importLayout, writeLayoutArchive, writeLayoutFolder } from "../image/oci-layout.ts";
import { loadApp } from "./load-app.ts";
import { buildAppImage } from "./locked-app-build.ts";
import { lockManifest } from "./locked-app-from-manifest.ts";
import { loadImageApp } from "./locked-app-image.ts";
import { unlockManifest } from "./locked-app-manifest.ts";
import { formatToml } from "./locked-app-toml.ts";
import { parseLockedApp } from "./locked-app.ts";

const wasm = Buffer.concat([Buffer.from("\0asm\r\0\u0001\0"), Buffer.alloc(200)]);
const large = "y".repeat(129);

const manifest = `spin_manifest_version = 2
[application]
name = "shop"
version = "1.0.0"
authors = ["Ann", "Bob"]
[variables]
token = { required = true, secret = true }
[[trigger.http]]
route = "/..."
component = "front"
[component.front]
source = "front.wasm"
environment = { B = "2", A = "1" }
files = ["assets/*"]
allowed_outbound_hosts = ["https://{{ token }}.example.com", "http://*.spin.internal"]
sqlite_databases = ["default"]
build = { command = "make" }
[component.front.variables]
t = "{{ token }}"
`;

let folder: string;
let store: ContentStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "whorl-locked-"));
  write({
    "spin.toml": manifest,
    "front.wasm": wasm,
    "assets/a.txt": "small",
    "assets/b.txt": large,
  });
  store = await ContentStore.open(join(folder, "store"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(files: Record<string, string | Buffer>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

function build(options: Partial<Parameters<typeof buildAppImage>[1]> = {}): Promise<BuiltImage> {
  return buildAppImage(join(folder, "spin.toml"), { store, format: "spin", ...options });
}

function text(image: BuiltImage, mediaType: string): string {
  const blob = image.blobs.find(({ descriptor }) => descriptor.mediaType === mediaType);
  if (blob === undefined) throw new Error(`no ${mediaType}`);
  const { content } = blob;
  return Buffer.from(
    content.kind === "bytes" ? content.bytes : readFileSync(content.path),
  ).toString();
}

describe("the Spin artifact, byte for byte", () => {
  const wasmDigest = sha256Digest(wasm);
  const [small, big] = [sha256Digest(Buffer.from("small")), sha256Digest(Buffer.from(large))];
  const locked =
    '{"spin_lock_version":1,"must_understand":["component_host_requirements"],' +
    '"metadata":{"authors":["Ann","Bob"],"name":"shop","trigger":{"type":"http"},"triggers":{},"version":"1.0.0"},' +
    '"variables":{"token":{"secret":true}},' +
    '"triggers":[{"id":"front-http-trigger","trigger_type":"http","trigger_config":{"component":"front","route":"/..."}}],' +
    '"components":[{"id":"front","metadata":{"allowed_outbound_hosts":["https://{{ token }}.example.com","http://*.spin.internal"],' +
    '"build":{"command":"make"},"databases":["default"]},' +
    `"source":{"content_type":"application/wasm","digest":"${wasmDigest}"},` +
    '"env":{"A":"1","B":"2"},' +
    `"files":[{"inline":"c21hbGw=","digest":"${small}","path":"assets/a.txt"},{"digest":"${big}","path":"assets/b.txt"}],` +
    '"config":{"t":"{{ token }}"},"host_requirements":{"local_service_chaining":"required"}}]}';
  const lockedDigest = sha256Digest(Buffer.from(locked));
  const config =
    '{"architecture":"wasm","os":"Wasip1",' +
    `"config":{"Labels":{"com.fermyon.spin.lockedAppDigest":"${lockedDigest}"}},` +
    '"rootfs":{"type":"layers","diff_ids":[]}}';

  test("is what Spin writes", async () => {
    const image = await build({ annotations: { "org.example": "x" } });
    expect(text(image, "application/vnd.fermyon.spin.application.v1+config")).toBe(locked);
    expect(text(image, "application/vnd.oci.image.config.v1+json")).toBe(config);
    const layer = (kind: string, digest: string, size: number): object => ({
      mediaType: `application/vnd.${kind}`,
      digest,
      size,
    });
    expect(JSON.parse(Buffer.from(image.bytes).toString())).toEqual({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: layer("oci.image.config.v1+json", sha256Digest(Buffer.from(config)), config.length),
      layers: [
        layer("wasm.content.layer.v1+wasm", wasmDigest, wasm.length),
        layer("wasm.content.layer.v1+data", big, large.length),
        layer("fermyon.spin.application.v1+config", lockedDigest, locked.length),
      ],
      annotations: {
        "org.example": "x",
        "org.opencontainers.image.authors": "Ann, Bob",
        "org.opencontainers.image.title": "shop",
        "org.opencontainers.image.version": "1.0.0",
      },
    });
  });

  test.each([
    { options: {} },
    { options: { archives: true } },
    { options: { format: "container" } },
  ] as const)("is the same each time: $options", async ({ options }) => {
    const first = await build(options);
    expect((await build(options)).digest).toBe(first.digest);
    write({ "assets/b.txt": "other" });
    expect((await build(options)).digest).not.toBe(first.digest);
  });

  test("puts files into archives where there would be too many layers", async () => {
    write(
      Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`assets/${at}`, `${at}${large}`])),
    );
    const types = (await build()).blobs.map(({ descriptor }) => descriptor.mediaType);
    expect(types).toEqual([
      "application/vnd.wasm.content.layer.v1+wasm",
      "application/vnd.wasm.content.bundle.v1.tar+gzip",
      "application/vnd.fermyon.spin.application.v1+config",
      "application/vnd.oci.image.config.v1+json",
    ]);
  });

  test.each([
    { what: "no WebAssembly", files: { "front.wasm": "hello" }, message: /is not WebAssembly/ },
    {
      what: "an unknown component",
      files: { "spin.toml": manifest.replace('component = "front"', 'component = "x"') },
      message: /spin.toml:10:13: unknown component "x"/,
    },
    {
      what: "a source that is absent",
      files: { "spin.toml": manifest.replace("front.wasm", "no.wasm") },
      message: /"no.wasm" does not exist; build it first/,
    },
    { what: "broken TOML", files: { "spin.toml": "[" }, message: /TOML is broken/ },
  ])("is refused for $what", async ({ files, message }) => {
    write(files);
    await expect(build()).rejects.toThrow(message);
  });
});

describe("an image that was built", () => {
  const plain = manifest.replace("{ required = true, secret = true }", '{ default = "t" }');

  test.each([
    { what: "Spin artifact in a folder", options: {}, write: writeLayoutFolder, name: "layout" },
    {
      what: "archives in a tar file",
      options: { archives: true },
      write: writeLayoutArchive,
      name: "l.tar",
    },
    {
      what: "container image in a tar file",
      options: { format: "container" },
      write: writeLayoutArchive,
      name: "c.tar",
    },
  ] as const)("is loaded as the app that it was: $what", async (row) => {
    write({ "spin.toml": plain });
    const image = await build(row.options);
    const path = join(folder, row.name);
    await row.write(path, image, "v1");
    const fresh = await ContentStore.open(join(folder, "fresh"));
    const stored = await importLayout(path, { store: fresh, machine: "amd64" });
    const app = await loadImageApp(stored, loadApp);
    const original = await loadApp(folder);
    expect(app.ociImageDigest).toBe(image.digest);
    expect(app.name).toBe("shop");
    const [own, other] = [app, original].map(({ components }) => components.get("front"));
    expect(own?.environment.toSorted()).toEqual(other?.environment.toSorted());
    expect(own?.variables).toEqual(other?.variables);
    expect(own?.allowedOutboundHosts).toEqual(other?.allowedOutboundHosts);
    expect(own?.files.map(({ guestPath }) => guestPath)).toEqual(["assets/a.txt", "assets/b.txt"]);
    expect(readFileSync(own?.sourcePath ?? "")).toEqual(wasm);
    // A folder that somebody changed is not trusted.
    rmSync(own?.sourcePath ?? "");
    writeFileSync(own?.sourcePath ?? "", "evil");
    const again = await loadImageApp(stored, loadApp);
    expect(readFileSync(again.components.get("front")?.sourcePath ?? "")).toEqual(wasm);
  });
});

describe("parseLockedApp", () => {
  const base = { spin_lock_version: 0, triggers: [], components: [] };
  const component = { id: "a", source: { content_type: "application/wasm", digest: "d" } };

  test("leaves out requirements that are optional", () => {
    const given = { ...base, host_requirements: { x: "optional" } };
    expect(parseLockedApp(Buffer.from(JSON.stringify(given)), "app")).toEqual(base);
  });

  test.each([
    { given: [], message: /not a JSON object/ },
    { given: { ...base, spin_lock_version: 2 }, message: /lock version 2/ },
    { given: { ...base, components: {} }, message: /"components" has to be a list/ },
    {
      given: { ...base, components: [{ id: "a" }] },
      message: /components\[0\]: source is not a JSON object/,
    },
    {
      given: { ...base, components: [{ ...component, source: {} }] },
      message: /neither digest nor inline nor source/,
    },
    {
      given: { ...base, components: [{ ...component, env: { A: 1 } }] },
      message: /"env" has to be an object of strings/,
    },
    { given: { ...base, host_requirements: { gpu: "required" } }, message: /needs "gpu"/ },
    { given: { ...base, must_understand: ["magic"] }, message: /needs "magic"/ },
    { given: { ...base, triggers: [{ id: "x" }] }, message: /"trigger_type" has to be a string/ },
  ])("refuses $given", ({ given, message }) => {
    expect(() => parseLockedApp(Buffer.from(JSON.stringify(given)), "app")).toThrow(message);
  });
});

describe("unlockManifest", () => {
  const source = { content_type: "application/wasm", digest: "d" };
  const app = { spin_lock_version: 0, triggers: [], components: [] } as const;

  test("writes what the locked app says", () => {
    const { toml, files } = unlockManifest(
      {
        ...app,
        metadata: { name: "x", trigger: { type: "http", base: "/b" } },
        variables: { v: { secret: true } },
        triggers: [
          {
            id: "t",
            trigger_type: "http",
            trigger_config: { route: "/...", component: "Old_Id", executor: null },
          },
        ],
        components: [{ id: "Old_Id", source, files: [{ digest: "e", path: "/f" }] }],
      },
      "app",
    );
    expect(toml).toBe(`spin_manifest_version = 2

[application]
name = "x"

[variables]

[variables.v]
secret = true
required = true

[trigger]

[[trigger.http]]
route = "/b/..."
component = "old-id"
id = "t"

[component]

[component.old-id]
source = "components/old-id.wasm"
files = [{ source = "files/old-id", destination = "/" }]
`);
    expect([...files.keys()]).toEqual(["components/old-id.wasm", "files/old-id/f"]);
  });

  test.each([
    {
      what: "a path out of its folder",
      files: [{ digest: "e", path: "../f" }],
      message: /leads out of its folder/,
    },
    { what: "no path", files: [{ digest: "e", path: "/" }], message: /leads out of its folder/ },
    {
      what: "a file twice",
      files: [
        { digest: "e", path: "f" },
        { digest: "g", path: "/f" },
      ],
      message: /has the file "\/f" twice/,
    },
  ])("refuses $what", ({ files, message }) => {
    const components = [{ id: "a", source, files }];
    expect(() => unlockManifest({ ...app, components }, "app")).toThrow(message);
  });

  test("refuses two components with one id", () => {
    const components = [
      { id: "a-b", source },
      { id: "A_b", source },
    ];
    expect(() => unlockManifest({ ...app, components }, "app")).toThrow(/same id/);
  });
});

test("formatToml escapes what TOML does not take", () => {
  const value = {
    'a "b"': 'x"\\\n\u007f\ud800',
    n: [1, true, null, 1.5],
    o: { deep: { er: { k: "v" } } },
  };
  expect(formatToml(value)).toBe(
    '"a \\"b\\"" = "x\\"\\\\\\n\\u007f\ufffd"\nn = [1, true, 1.5]\n\n[o]\n\n[o.deep]\ner = { k = "v" }\n',
  );
});

test("lockManifest names contents by URLs of files", async () => {
  const { components } = await lockManifest(join(folder, "spin.toml"));
  expect(components[0]?.source.source).toMatch(/^file:\/\/\/.*\/front\.wasm$/);
});

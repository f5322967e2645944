import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { limits } from "../limits.ts";
import { loadApp } from "./load-app.ts";

let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "whorl-test-"));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
}

const manifest = `spin_manifest_version = 2

[application]
name = "shop"
version = "1.2.3"
description = "Sells"
authors = ["A <a@example.com>"]
targets = ["spin-up:3.3"]
tool.x.y = 1
[application.trigger.http]
base = "/"

[variables]
host = { default = "api.example.com" }
token = { default = "t0", secret = true }
off = { default = "" }

[[trigger.http]]
route = "/..."
component = "shop"
executor = { type = "spin" }

[[trigger.http]]
route = { private = true }
component = "shop"

[[trigger.http]]
id = "inline"
route = "/inline"
component = { source = "in.wasm" }

[[trigger.http]]
route = "/robots.txt"
[trigger.http.static_response]
status_code = 203
headers = { content-type = "text/plain" }
body = "höla"

[component.shop]
source = "build/shop.wasm"
description = "the shop"
environment = { LOG = "debug", EMPTY = "" }
variables = { url = "https://{{ host }}/x", token = "{{token}}" }
allowed_outbound_hosts = ["https://{{ host }}", "https://{{ off }}", "http://*.spin.internal"]
allowed_http_hosts = ["old.example.com"]
key_value_stores = ["default"]
sqlite_databases = ["main_db"]
ai_models = ["llama2-chat"]
build = { command = "make", workdir = ".", watch = ["src/**"] }
tool.z = 1
profile.debug.source = "debug.wasm"
dependencies_inherit_configuration = true
`;

describe("loadApp of a manifest", () => {
  const sourceLine = manifest.split("\n").indexOf('source = "build/shop.wasm"') + 1;

  beforeEach(() => write({ "spin.toml": manifest, "build/shop.wasm": "", "in.wasm": "" }));

  test.each(["", "spin.toml"])("at %j gives the whole app", async (name) => {
    const path = join(directory, "spin.toml");
    const app = await loadApp(join(directory, name));
    expect(app).toMatchObject({
      name: "shop",
      version: "1.2.3",
      description: "Sells",
      ociImageDigest: undefined,
      warnings: [
        `${path}:11:1: the key "base" is deprecated; put it in front of each route instead`,
      ],
    });
    expect(app.variables.get("token")).toEqual({ default: "t0", isSecret: true });
    expect(app.components.get("shop")).toEqual({
      id: "shop",
      sourcePath: join(directory, "build/shop.wasm"),
      sourceOrigin: `${path}:${sourceLine}`,
      environment: [
        ["LOG", "debug"],
        ["EMPTY", ""],
      ],
      files: [],
      allowedOutboundHosts: [
        "https://{{ host }}",
        "https://{{ off }}",
        "http://shop.spin.internal",
        "http://inline-component.spin.internal",
        "http://old.example.com",
        "https://old.example.com",
      ],
      variables: new Map([
        ["url", "https://{{ host }}/x"],
        ["token", "{{token}}"],
      ]),
      keyValueStores: ["default"],
      sqliteDatabases: ["main_db"],
      aiModels: ["llama2-chat"],
    });
    expect([...app.components.keys()]).toEqual(["shop", "inline-component"]);
  });

  test("names the triggers", async () => {
    const { httpTriggers } = await loadApp(directory);
    const line = manifest.split("\n").indexOf('route = "/robots.txt"') + 1;
    expect(httpTriggers.at(-1)?.origin).toBe(`${join(directory, "spin.toml")}:${line}:9`);
    expect(httpTriggers.map((trigger) => ({ ...trigger, origin: undefined }))).toEqual([
      { id: "shop-http-trigger", route: "/...", target: { kind: "component", component: "shop" } },
      { id: "http-trigger1", route: undefined, target: { kind: "component", component: "shop" } },
      {
        id: "inline",
        route: "/inline",
        target: { kind: "component", component: "inline-component" },
      },
      {
        id: "http-trigger2",
        route: "/robots.txt",
        target: {
          kind: "static",
          status: 203,
          headers: [["content-type", "text/plain"]],
          body: new TextEncoder().encode("höla"),
        },
      },
    ]);
  });
});

describe("loadApp of a component", () => {
  test.each<[file: string, path: string]>([
    ["Hello_World.wasm", "Hello_World.wasm"],
    ["Hello_World.wasm", ""],
  ])("%s at %j serves every route", async (file, path) => {
    await write({ [file]: "" });
    const app = await loadApp(join(directory, path));
    expect(app.name).toBe("Hello_World");
    expect(app.components.get("hello-world")?.sourcePath).toBe(join(directory, file));
    expect(app.httpTriggers).toEqual([
      {
        id: "hello-world-http-trigger",
        route: "/...",
        target: { kind: "component", component: "hello-world" },
      },
    ]);
  });
});

describe("loadApp refuses", () => {
  test.each<[name: string, files: Record<string, string>, path: string, reason: string]>([
    ["a path that is not there", {}, "nope", "does not exist"],
    ["an empty directory", {}, "", "has neither a spin.toml nor a .wasm file"],
    ["several components", { "b.wasm": "", "a.wasm": "" }, "", "(a.wasm, b.wasm); name one"],
    [
      "another file",
      { "a.txt": "" },
      "a.txt",
      "is neither a manifest (.toml), a locked application",
    ],
  ])("%s", async (_name, files, path, reason) => {
    await write(files);
    await expect(loadApp(join(directory, path))).rejects.toMatchObject({
      code: "file",
      message: expect.stringContaining(reason),
    });
  });

  test("a manifest that is too large", async () => {
    await write({ "spin.toml": "" });
    await truncate(join(directory, "spin.toml"), limits.manifestBytesMax + 1);
    await expect(loadApp(directory)).rejects.toMatchObject({ code: "limit" });
  });

  test("a manifest that is not UTF-8", async () => {
    await writeFile(join(directory, "spin.toml"), Uint8Array.of(0xff, 0xfe));
    await expect(loadApp(directory)).rejects.toMatchObject({ code: "manifest" });
  });
});

describe("loadApp finds files", () => {
  const head = `spin_manifest_version = 2
application.name = "x"
[[trigger.http]]
route = "/..."
component = "a"
[component.a]
source = "a.wasm"
`;
  const tree = {
    "a.wasm": "",
    "readme.md": "",
    "web/index.html": "",
    "web/.well-known/x": "",
    "web/js/app.js": "",
    "web/js/app.js.map": "",
    "web/js/deep/lib.js": "",
  };

  async function filesOf(toml: string): Promise<Record<string, string>> {
    await write({ ...tree, "spin.toml": head + toml });
    const { components } = await loadApp(directory);
    const files = components.get("a")?.files ?? [];
    return Object.fromEntries(
      files.map(({ guestPath, hostPath }) => [guestPath, hostPath.slice(directory.length + 1)]),
    );
  }

  test.each<[toml: string, guestPaths: string[]]>([
    ['files = ["readme.md"]', ["readme.md"]],
    ['files = ["./web/index.html"]', ["web/index.html"]],
    ['files = ["web/*"]', ["web/index.html"]],
    ['files = ["web/js/*.js"]', ["web/js/app.js"]],
    ['files = ["web/**/*.js"]', ["web/js/app.js", "web/js/deep/lib.js"]],
    ['files = ["*.md", "web/js/deep"]', ["readme.md", "web/js/deep/lib.js"]],
    [
      'files = ["web"]\nexclude_files = ["*.map", "web/js/deep/*"]',
      ["web/.well-known/x", "web/index.html", "web/js/app.js"],
    ],
    ['files = [{ source = "web/js/deep", destination = "/" }]', ["lib.js"]],
    ['files = [{ source = "web/js/deep/", destination = "x/y/" }]', ["x/y/lib.js"]],
    ['files = [{ source = "readme.md", destination = "/docs/r.md" }]', ["docs/r.md"]],
    ['files = ["none/*"]', []],
  ])("of %s", async (toml, guestPaths) => {
    expect(Object.keys(await filesOf(toml)).toSorted()).toEqual(guestPaths);
  });

  test("at their places in the app directory", async () => {
    expect(await filesOf('files = [{ source = "web/js", destination = "/s" }]')).toEqual({
      "s/app.js": "web/js/app.js",
      "s/app.js.map": "web/js/app.js.map",
      "s/deep/lib.js": "web/js/deep/lib.js",
    });
  });

  test("and warns of a pattern without files", async () => {
    await write({ ...tree, "spin.toml": `${head}files = ["none/*"]` });
    const { warnings } = await loadApp(directory);
    expect(warnings).toEqual([`${join(directory, "spin.toml")}:8:10: no file matches "none/*"`]);
  });

  test("behind links inside the app, also one that leads back", async () => {
    await write(tree);
    await symlink(join(directory, "web"), join(directory, "web", "js", "back"));
    await symlink("readme.md", join(directory, "link.md"));
    const found = await filesOf('files = ["link.md", "web/js"]');
    expect(found["link.md"]).toBe("readme.md");
    expect(found["web/js/back/index.html"]).toBe("web/index.html");
    expect(Object.keys(found)).not.toContain("web/js/back/js/back/index.html");
  });

  test.each(['files = ["out"]', 'files = ["out/*"]', 'files = ["web/**/*"]', 'files = ["o*/x"]'])(
    "but not behind links out of it: %s",
    async (toml) => {
      const outside = await mkdtemp(join(tmpdir(), "whorl-test-"));
      await writeFile(join(outside, "x"), "");
      await write(tree);
      await symlink(outside, join(directory, "out"));
      await symlink(join(outside, "x"), join(directory, "web", "x"));
      await expect(filesOf(toml)).rejects.toMatchObject({
        code: "manifest",
        message: expect.stringContaining("is a symbolic link out of the app directory"),
      });
      await rm(outside, { recursive: true });
    },
  );
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ContentStore } from "../image/content-store.ts";
import { importLayout, writeLayoutArchive } from "../image/oci-layout.ts";
import type { App } from "./app.ts";
import { loadApp } from "./load-app.ts";
import { buildAppImage } from "./locked-app-build.ts";
import { loadImageApp } from "./locked-app-image.ts";
import { lockManifest } from "./locked-app-from-manifest.ts";
import { retainComponents } from "./retain-components.ts";
import { writeLockedApp } from "./load-locked-app.ts";

let folder: string;
let manifest: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "whorl-composed-"));
  manifest = join(folder, "spin.toml");
  for (const name of ["a", "b", "debug", "gate"]) {
    writeFileSync(join(folder, `${name}.wasm`), `\0asm\x0d\0\x01\0${name}`);
  }
  mkdirSync(join(folder, "assets"));
  writeFileSync(join(folder, "assets", "x.txt"), "x");
  writeFileSync(manifest, text);
});

afterAll(() => rmSync(folder, { recursive: true }));

const text = `spin_manifest_version = 2
[application]
name = "shop"
authors = ["ann"]

[[trigger.http]]
route = "/plain"
component = "a"

[[trigger.http]]
route = "/guarded"
component = "a"
dependencies.middleware = [{ component = "gate" }, { path = "b.wasm", inherit_configuration = ["variables"] }]

[[trigger.http]]
route = "/alone"
component = "b"
components = { helper = { source = "gate.wasm" } }
dependencies.middleware = [{ component = "gate", inherit_configuration = true }]

[component.a]
source = "a.wasm"
environment = { A = "1", B = "2" }
files = ["assets/*"]
allowed_outbound_hosts = ["http://*.spin.internal"]
[component.a.dependencies]
plain = { component = "gate" }
"x:y/z@1.0.0" = { path = "b.wasm", export = "other", inherit_configuration = true }
[component.a.build]
command = "make"
workdir = "w"
[component.a.profile.debug]
source = "debug.wasm"
environment = { B = "3", C = "4" }
build.command = "make debug"
[component.a.profile.debug.dependencies]
plain = { path = "a.wasm" }

[component.b]
source = "b.wasm"
[component.b.profile.release]
environment = { R = "1" }

[component.gate]
source = "gate.wasm"
`;

function summary(app: App, id: string): unknown {
  const strip = (path: string): string => path.replace(`${folder}/`, "");
  const found = app.components.get(id);
  return (
    found && {
      source: strip(found.sourcePath),
      environment: Object.fromEntries(found.environment),
      files: found.files.map(({ hostPath, guestPath }) => [strip(hostPath), guestPath]),
      dependencies: found.dependencies?.map(({ name, sourcePath, export: used, inherit }) => [
        name,
        strip(sourcePath),
        used,
        inherit,
      ]),
      middleware: found.middleware?.map(({ sourcePath, inherit }) => [strip(sourcePath), inherit]),
    }
  );
}

const a = {
  source: "a.wasm",
  environment: { A: "1", B: "2" },
  files: [["assets/x.txt", "assets/x.txt"]],
  dependencies: [
    ["plain", "gate.wasm", undefined, []],
    ["x:y/z@1.0.0", "b.wasm", "other", "all"],
  ],
  middleware: undefined,
};
const guarded = {
  ...a,
  middleware: [
    ["gate.wasm", []],
    ["b.wasm", ["variables"]],
  ],
};
const copyId = "a-for-http-trigger1";

describe("loadApp", () => {
  test("gives each trigger with middleware a component of its own", async () => {
    const app = await loadApp(manifest);
    expect([...app.components.keys()]).toEqual(["a", "b", "gate", "inline-component1", copyId]);
    expect(summary(app, "a")).toEqual(a);
    expect(summary(app, copyId)).toEqual(guarded);
    expect(summary(app, "b")).toMatchObject({ middleware: [["gate.wasm", "all"]] });
    const called = app.httpTriggers.map(
      ({ target }) => target.kind === "component" && target.component,
    );
    expect(called).toEqual(["a", copyId, "b"]);
    expect(app.warnings).toEqual([expect.stringContaining("no trigger calls other components")]);
  });

  test("keeps the copies of a component that is kept", async () => {
    const kept = retainComponents(await loadApp(manifest), ["a", "b", "gate", "inline-component1"]);
    expect(kept.httpTriggers).toHaveLength(3);
  });

  test("uses a profile where a component has it", async () => {
    const app = await loadApp(manifest, { profile: "debug" });
    expect(summary(app, "a")).toEqual({
      ...a,
      source: "debug.wasm",
      environment: { A: "1", B: "3", C: "4" },
      dependencies: [
        ["plain", "a.wasm", undefined, []],
        ["x:y/z@1.0.0", "b.wasm", "other", "all"],
      ],
    });
    expect(summary(app, "b")).toMatchObject({ environment: {} });
  });

  test.each([
    [
      "debugg",
      /spin.toml:1:1: profile "debugg" is not defined in this application; did you mean "debug"\?; there are "debug", "release"$/,
    ],
    ["x", /there are "debug", "release"$/],
  ])("refuses the profile %j", async (profile, message) => {
    await expect(loadApp(manifest, { profile })).rejects.toThrow(message);
  });

  test("refuses a profile for a component alone", async () => {
    await expect(loadApp(join(folder, "a.wasm"), { profile: "x" })).rejects.toThrow(/not defined/);
  });
});

describe("lockManifest", () => {
  test("writes composition as Spin does", async () => {
    const locked = await lockManifest(manifest, { profile: "debug" });
    const copy = locked.components.at(-1);
    expect(locked).toMatchObject({
      spin_lock_version: 1,
      must_understand: ["component_host_requirements"],
      metadata: { name: "shop", profile: "debug", trigger: { type: "http" }, triggers: {} },
    });
    expect(locked.triggers.map(({ trigger_config: config }) => config)).toEqual([
      { component: "a", route: "/plain" },
      { component: copyId, route: "/guarded" },
      { component: "b", route: "/alone" },
    ]);
    const wasm = (name: string): object => ({
      content_type: "application/wasm",
      source: expect.stringMatching(new RegExp(`^file:///.*/${name}\\.wasm$`)) as string,
    });
    expect(copy).toEqual({
      id: copyId,
      metadata: {
        allowed_outbound_hosts: ["http://*.spin.internal"],
        build: { command: "make debug", workdir: "w" },
        "resolve-trigger-dependencies-using": "http",
      },
      source: wasm("debug"),
      env: { A: "1", B: "3", C: "4" },
      files: [{ source: expect.stringMatching(/x\.txt$/) as string, path: "assets/x.txt" }],
      dependencies: {
        plain: { source: wasm("a"), export: null },
        "x:y/z@1.0.0": { source: wasm("b"), export: "other", inherit: "All" },
      },
      trigger_dependencies: {
        middleware: [
          { source: wasm("gate"), export: null },
          { source: wasm("b"), export: null, inherit: { Some: ["variables"] } },
        ],
      },
      host_requirements: { local_service_chaining: "required", middleware: "required" },
    });
  });

  test("locks a manifest of version 1", async () => {
    const old = join(folder, "old.toml");
    writeFileSync(
      old,
      'spin_manifest_version = "1"\nname = "old"\ntrigger = { type = "http", base = "/" }\n[[component]]\nid = "My_Own"\nsource = "a.wasm"\nconfig = { v = "1" }\n[component.trigger]\nroute = "/..."\n',
    );
    expect(await lockManifest(old)).toMatchObject({
      spin_lock_version: 0,
      metadata: { name: "old", trigger: { type: "http" } },
      triggers: [
        {
          id: "trigger-my-own",
          trigger_type: "http",
          trigger_config: { component: "my-own", route: "/..." },
        },
      ],
      components: [
        {
          id: "my-own",
          metadata: { allowed_outbound_hosts: ["redis://*:*", "mysql://*:*", "postgres://*:*"] },
          config: { v: "1" },
        },
      ],
    });
  });
});

describe("a locked application file", () => {
  test("is the app that was locked", async () => {
    const path = join(folder, "spin.lock");
    await writeLockedApp(manifest, path);
    const app = await loadApp(path);
    const original = await loadApp(manifest);
    expect(app.name).toBe("shop");
    for (const id of original.components.keys())
      expect([id, summary(app, id)]).toEqual([id, summary(original, id)]);
    const routes = (each: App): unknown =>
      each.httpTriggers.map(({ id, route, target }) => [id, route, target]);
    expect(routes(app)).toEqual(routes(original));
  });

  const base = { spin_lock_version: 0, triggers: [] };
  const trigger = {
    id: "t",
    trigger_type: "http",
    trigger_config: { component: "a", route: "/..." },
  };
  const source = { content_type: "application/wasm" };

  test("can have a directory and contents inside", async () => {
    const path = join(folder, "inline.json");
    const locked = {
      ...base,
      triggers: [trigger],
      components: [
        {
          id: "a",
          source: { ...source, inline: Buffer.from("wasm").toString("base64") },
          files: [{ source: `file://${folder}/assets`, path: "/" }],
        },
      ],
    };
    writeFileSync(path, JSON.stringify(locked));
    await expect(loadApp(path)).rejects.toThrow(/contents inside, for which there is no folder/);
    const app = await loadApp(path, { sources: { cacheDirectory: join(folder, "cache") } });
    expect(app.components.get("a")?.files).toEqual([
      { hostPath: join(folder, "assets"), guestPath: "" },
    ]);
    expect(app.components.get("a")?.sourcePath).toContain(join(folder, "cache"));
  });

  test.each([
    ["no JSON", "{", /bad\.lock is not JSON/],
    ["another document", "{}", /bad\.lock has lock version undefined/],
    [
      "a digest alone",
      JSON.stringify({
        ...base,
        components: [{ id: "a", source: { ...source, digest: "sha256:1" } }],
      }),
      /sha256:1 is named by its digest alone; load the image/,
    ],
    [
      "a URL that is no file's",
      JSON.stringify({
        ...base,
        components: [{ id: "a", source: { ...source, source: "https://x/y" } }],
      }),
      /https:\/\/x\/y is no file: URL/,
    ],
    [
      "a path that leads out",
      JSON.stringify({
        ...base,
        triggers: [trigger],
        components: [
          {
            id: "a",
            source: { ...source, source: "file:///dev/../etc/hosts" },
            files: [{ source: "file:///etc", path: "../x" }],
          },
        ],
      }),
      /"\.\.\/x" leads out of its folder/,
    ],
    [
      "a need that nobody has heard of",
      JSON.stringify({
        ...base,
        must_understand: ["host_requirements"],
        host_requirements: { gpu: "required" },
        components: [],
      }),
      /needs "gpu"/,
    ],
  ])("is refused with %s", async (_name, content, message) => {
    const path = join(folder, "bad.lock");
    writeFileSync(path, content);
    await expect(loadApp(path)).rejects.toThrow(message);
  });

  test("is refused with a changed file, and with a profile", async () => {
    const path = join(folder, "changed.lock");
    const digest = `sha256:${"0".repeat(64)}`;
    const own = { ...source, source: `file://${folder}/a.wasm`, digest };
    writeFileSync(path, JSON.stringify({ ...base, components: [{ id: "a", source: own }] }));
    await expect(loadApp(path)).rejects.toThrow(/a\.wasm is not sha256:0000/);
    await expect(loadApp(path, { profile: "x" })).rejects.toThrow(/lock the manifest again/);
  });
});

describe("an image of a composed app", () => {
  test.each(["spin", "container"] as const)(
    "is the app that it was made of: %s",
    async (format) => {
      const store = await ContentStore.open(join(folder, `store-${format}`));
      const image = await buildAppImage(manifest, { store, format });
      const path = join(folder, `${format}.tar`);
      await writeLayoutArchive(path, image, "v1");
      const app = await loadImageApp(
        await importLayout(path, { store, machine: "amd64" }),
        loadApp,
      );
      const original = await loadApp(manifest);
      for (const id of original.components.keys()) {
        expect([id, contents(app, id)]).toEqual([id, contents(original, id)]);
      }
      const called = (each: App): unknown => each.httpTriggers.map(({ target }) => target);
      expect(called(app)).toEqual(called(original));
    },
  );
});

/** What a component is made of, by content instead of by path. */
function contents(app: App, id: string): unknown {
  const found = app.components.get(id);
  const content = ({ sourcePath }: { readonly sourcePath: string }): string =>
    readFileSync(sourcePath, "latin1").slice(8);
  return (
    found && {
      source: content(found),
      dependencies: found.dependencies?.map((each) => [
        each.name,
        content(each),
        each.export,
        each.inherit,
      ]),
      middleware: found.middleware?.map((each) => [content(each), each.inherit]),
    }
  );
}

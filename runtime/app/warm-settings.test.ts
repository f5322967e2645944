import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { App } from "./app.ts";
import { loadApp } from "./load-app.ts";
import { lockManifest } from "./locked-app-from-manifest.ts";
import { parseWarmShares, parseWarmTarget, type WarmOverride, withWarm } from "./warm-settings.ts";

test.each([
  ["/", { component: undefined, request: { method: "GET", path: "/" } }],
  ["/a?b=c=d", { component: undefined, request: { method: "GET", path: "/a?b=c=d" } }],
  ["POST /a", { component: undefined, request: { method: "POST", path: "/a" } }],
  ["shop=/", { component: "shop", request: { method: "GET", path: "/" } }],
  ["a-b=PUT /x", { component: "a-b", request: { method: "PUT", path: "/x" } }],
  ...["", "a", "shop=", "shop=a", "get /", "GET  /", "/a b", "/ä", "=/", "1=/", "GET /\n"].map(
    (wrong) => [wrong, undefined] as const,
  ),
] as const)("target %j", (written, target) => {
  expect(parseWarmTarget(written)).toEqual(target);
});

test.each([
  ["random", ["random"]],
  ["random, time", ["random", "time"]],
  ["", undefined],
  ["random,files", undefined],
])("shares %j", (written, shares) => {
  expect(parseWarmShares(written)).toEqual(shares);
});

let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "whorl-test-"));
  for (const name of ["a.wasm", "b.wasm"]) {
    await writeFile(join(directory, name), new Uint8Array([0, 0x61, 0x73, 0x6d]));
  }
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function write(settings: string): Promise<string> {
  const path = join(directory, "spin.toml");
  await writeFile(
    path,
    `spin_manifest_version = 2
[application]
name = "shop"
[[trigger.http]]
route = "/..."
component = "a"
[[trigger.http]]
route = { private = true }
component = "b"
[component.a]
source = "a.wasm"
[component.a.tool.whorl]
${settings}
[component.b]
source = "b.wasm"
`,
  );
  return path;
}

const items = { requests: [{ method: "GET", path: "/items" }], shares: ["time"] };
const manifestSettings = 'warm = ["/items"]\nwarm_shares = ["time"]';

test("the manifest's settings", async () => {
  const app = await loadApp(await write(manifestSettings));
  expect(app.components.get("a")?.warm).toEqual(items);
  expect(app.components.get("b")?.warm).toBeUndefined();
});

test("the image's component keeps them", async () => {
  const { components } = await lockManifest(await write(manifestSettings));
  expect(components[0]?.metadata).toEqual({ whorl: { warm: ["/items"], warm_shares: ["time"] } });
});

test.each([
  ['warm = ["items"]', /spin\.toml:13:9: "items" is no request to warm up with/],
  ['warm = "/"', /component\.a\.tool\.whorl\.warm has to be an array/],
  ['warm = ["/"]\nwarm_shares = ["files"]', /14:16: "files" is nothing that instances can share/],
  ["worm = []", /unknown key "worm" in .*did you mean "warm"/],
])("%s is a mistake", async (settings, message) => {
  await expect(loadApp(await write(settings))).rejects.toThrow(message);
});

const root = { method: "GET", path: "/" };

test.each<readonly [string, WarmOverride, unknown, unknown]>([
  ["nothing", {}, items, undefined],
  [
    "all with a route",
    { targets: [{ component: undefined, request: root }] },
    { ...items, requests: [root] },
    undefined,
  ],
  [
    "one",
    { targets: [{ component: "b", request: root }], shares: ["random"] },
    { ...items, shares: ["time", "random"] },
    { requests: [root], shares: ["random"] },
  ],
])("what the embedder says wins: %s", async (_name, override, a, b) => {
  const app = withWarm(await loadApp(await write(manifestSettings)), override);
  expect(warmOf(app, "a")).toEqual(a);
  expect(warmOf(app, "b")).toEqual(b);
});

function warmOf(app: App, id: string): unknown {
  return app.components.get(id)?.warm;
}

test("a component that is not there", async () => {
  const app = await loadApp(await write(manifestSettings));
  const override = { targets: [{ component: "c", request: root }] };
  expect(() => withWarm(app, override)).toThrow(/no component "c" to warm up; it has a, b/);
});

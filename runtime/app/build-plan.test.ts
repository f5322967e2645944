import { describe, expect, test } from "vitest";
import { planBuild, selectComponents } from "./build-plan.ts";
import type { BuildPlan } from "./build-plan.ts";

const head = 'spin_manifest_version = 2\n[application]\nname = "shop"\n';

function plan(toml: string): BuildPlan {
  return planBuild({ text: head + toml, name: "spin.toml", directory: "/apps/shop" });
}

test("planBuild reads commands, workdir, patterns and where they stand", () => {
  const { appName, components } = plan(`
[component.web]
source = "web/dist/web.wasm"
files = ["assets/*", { source = "pages", destination = "/" }]
[component.web.build]
command = ["npm ci", "npm run build"]
workdir = "web"
watch = ["src/**/*.ts"]
[component.plain]
source = { url = "https://a.example/x.wasm", digest = "sha256:00" }
[component.one]
source = "one.wasm"
build = { command = "make" }
`);
  expect(appName).toBe("shop");
  expect(components).toEqual([
    {
      id: "web",
      sourcePath: "/apps/shop/web/dist/web.wasm",
      files: ["assets/*", "pages"],
      build: {
        commands: ["npm ci", "npm run build"],
        workdir: "/apps/shop/web",
        watch: ["src/**/*.ts"],
        origin: "spin.toml:9:11",
        after: [],
      },
    },
    { id: "plain", sourcePath: undefined, files: [], build: undefined },
    {
      id: "one",
      sourcePath: "/apps/shop/one.wasm",
      files: [],
      build: {
        commands: ["make"],
        workdir: "/apps/shop",
        watch: [],
        origin: "spin.toml:16:21",
        after: [],
      },
    },
  ]);
});

test("planBuild reads what has to be built first", () => {
  const { components } = plan(`
[component.a]
source = "a.wasm"
build.command = "make a"
[component.a.dependencies]
"x:y/z" = { component = "b" }
"x:y/w" = { path = "out/../c.wasm" }
"x:y/v" = { path = "elsewhere.wasm" }
"x:y/u" = ">=1.0"
[component.b]
source = "b.wasm"
build.command = "make b"
[component.c]
source = "c.wasm"
`);
  expect(components.map(({ build }) => build?.after)).toEqual([["b", "c"], [], undefined]);
});

test("planBuild finds components that are written in their trigger", () => {
  const { components } = plan(
    '[[trigger.http]]\nid = "home"\nroute = "/"\ncomponent = { source = "h.wasm", build = { command = "make" } }\n',
  );
  expect(components.map(({ id, build }) => [id, build?.commands])).toEqual([
    ["home-component", ["make"]],
  ]);
});

test("planBuild takes manifests of version 1", () => {
  const text =
    'spin_version = "1"\nname = "old"\nversion = "1.0.0"\ntrigger = { type = "http", base = "/" }\n' +
    '[[component]]\nid = "a"\nsource = "a.wasm"\n[component.trigger]\nroute = "/..."\n' +
    '[component.build]\ncommand = "make"\n';
  const { appName, components } = planBuild({ text, name: "spin.toml", directory: "/" });
  expect(appName).toBe("old");
  expect(components[0]?.build?.commands).toEqual(["make"]);
});

test("planBuild does not mind mistakes that have nothing to do with building", () => {
  const { components } = plan(
    '[[trigger.http]]\nroute = "/..."\ncomponent = "unknown"\n[component.a]\nsource = "absent.wasm"\nbuild.command = "make"\n',
  );
  expect(components).toHaveLength(1);
});

describe("planBuild refuses", () => {
  test.each<[toml: string, message: string]>([
    ["[component.a", "spin.toml:4:"],
    ["[component.a]\nsource = 1\n", "component.a.source has to be"],
    [
      '[component.a]\nsource = "a"\nbuild.command = ""\n',
      "spin.toml:6:17: the build command is empty",
    ],
    ['[component.a]\nsource = "a"\nbuild.command = []\n', "the build command is empty"],
    [
      '[component.a]\nsource = "a"\nbuild = { command = "x", workdir = "/tmp" }\n',
      'workdir "/tmp" is absolute',
    ],
    ['[component.a]\nsource = "a"\nbuild.comand = "x"\n', 'did you mean "command"'],
  ])("%j", (toml, message) => {
    expect(() => plan(toml)).toThrow(message);
  });
});

test("selectComponents takes the wanted ones, and all where none is named", () => {
  const whole = plan('[component.a]\nsource = "a"\n[component.b]\nsource = "b"\n');
  expect(selectComponents(whole, [])).toBe(whole);
  expect(selectComponents(whole, ["b"]).components.map(({ id }) => id)).toEqual(["b"]);
  expect(() => selectComponents(whole, ["c"])).toThrow('no component "c"');
});

test("a profile has build commands of its own", () => {
  const text = `spin_manifest_version = 2
application.name = "x"
[component.a]
source = "a.wasm"
build = { command = "make", workdir = "w" }
profile.debug = { build.command = ["make debug"], source = "debug.wasm" }
[component.b]
source = "b.wasm"
build.command = "make b"
`;
  const built = (profile?: string): unknown =>
    planBuild({ text, name: "spin.toml", directory: "/" }, profile).components.map(
      ({ sourcePath, build }) => [sourcePath, build?.commands, build?.workdir],
    );
  expect(built()).toEqual([
    ["/a.wasm", ["make"], "/w"],
    ["/b.wasm", ["make b"], "/"],
  ]);
  expect(built("debug")).toEqual([
    ["/debug.wasm", ["make debug"], "/w"],
    ["/b.wasm", ["make b"], "/"],
  ]);
  expect(() => built("release")).toThrow(/profile "release" is not defined/);
});

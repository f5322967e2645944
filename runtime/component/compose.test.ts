import { describe, expect, test } from "vitest";
import type { CompositionDependency, CompositionPart } from "./compose.ts";
import { composeComponents } from "./compose.ts";
import { matchingImports } from "./compose-match.ts";
import type { Plan } from "./plan.ts";
import { encode } from "./test-wat.ts";

const adder = exporter("ns:math/add@1.0.0");
const user = importer("ns:math/add@1.0.0");

/** Exports interfaces with one function `go: (u32) -> u32`. */
function exporter(...names: readonly string[]): string {
  return `(component
    (core module $m (func (export "go") (param i32) (result i32) local.get 0))
    (core instance $i (instantiate $m))
    (func $go (param "x" u32) (result u32) (canon lift (core func $i "go")))
    (instance $api (export "go" (func $go)))
    ${names.map((name) => `(export "${name}" (instance $api))`).join("\n")})`;
}

/** Imports interfaces with one function `go: (u32) -> u32`, and lowers it. */
function importer(...names: readonly string[]): string {
  const imports = names.map(
    (name, index) => `(import "${name}" (instance $i${index}
      (export "go" (func (param "x" u32) (result u32)))))
      (core func (canon lower (func $i${index} "go")))`,
  );
  return `(component ${imports.join("\n")})`;
}

async function part(wat: string, changes: Partial<CompositionPart> = {}): Promise<CompositionPart> {
  return { name: "c", bytes: await encode(wat), inherit: "all", dependencies: [], ...changes };
}

async function dependency(
  name: string,
  wat: string,
  changes: Partial<CompositionDependency> = {},
): Promise<CompositionDependency> {
  return { ...(await part(wat)), name, export: undefined, inherit: [], ...changes };
}

async function compose(
  wat: string,
  dependencies: readonly CompositionDependency[],
  middleware: readonly CompositionPart[] = [],
): Promise<Plan> {
  return composeComponents({ component: await part(wat, { dependencies }), middleware });
}

describe("matchingImports", () => {
  const imports = [
    "foo:bar/baz@0.1.0",
    "foo:bar/baz@1.2.0",
    "foo:bar/bub",
    "foo:qux/baz",
    "foo-bar",
  ];

  test.each([
    ["foo:bar/baz@0.1.0", ["foo:bar/baz@0.1.0"]],
    ["foo:bar/baz@0.1.7", ["foo:bar/baz@0.1.0"]],
    ["foo:bar/baz@1.0.0", ["foo:bar/baz@1.2.0"]],
    ["foo:bar/baz@2.0.0", []],
    ["foo:bar/baz@0.1.0-rc.1", []],
    ["foo:bar/baz", ["foo:bar/baz@0.1.0", "foo:bar/baz@1.2.0"]],
    ["foo:bar", ["foo:bar/baz@0.1.0", "foo:bar/baz@1.2.0", "foo:bar/bub"]],
    ["foo:bar@0.1.0", ["foo:bar/baz@0.1.0"]],
    ["foo:bar/bub", ["foo:bar/bub"]],
    ["foo:bar/bub@1.0.0", []],
    ["foo-bar", ["foo-bar"]],
    ["foo", []],
    ["foo:bar/ba", []],
  ])("%s", (name, expected) => {
    expect(matchingImports(name, imports)).toEqual(expected);
  });

  test("takes the exact version where others would do", () => {
    const both = ["a:b/c@0.1.0", "a:b/c@0.1.1"];
    expect(matchingImports("a:b@0.1.1", both)).toEqual(["a:b/c@0.1.1"]);
    expect(matchingImports("a:b@0.1.2", both)).toEqual(both);
  });
});

describe("composeComponents", () => {
  test("wires an import to a dependency's export, in instances of a common parent", async () => {
    const plan = await compose(user, [await dependency("ns:math/add", adder)]);
    expect(plan.imports).toEqual([]);
    expect(plan.componentInstances).toEqual([{ parent: undefined }, { parent: 0 }, { parent: 0 }]);
    expect(plan.trampolines).toMatchObject([{ kind: "lower", function: { kind: "lift" } }]);
  });

  test("leaves the other imports to the host", async () => {
    const wat = importer("ns:math/add@1.0.0", "ns:math/sub@1.0.0");
    const plan = await compose(wat, [await dependency("ns:math/add", adder)]);
    expect(plan.imports).toMatchObject([{ interfaceName: "ns:math/sub@1.0.0", name: "go" }]);
  });

  test("satisfies all imports of a package with one instance", async () => {
    const names = ["ns:math/add@1.0.0", "ns:math/sub@1.0.0"];
    const given = await dependency("ns:math", exporter(...names));
    const plan = await compose(importer(...names), [given]);
    expect(plan.imports).toEqual([]);
    expect(plan.componentInstances).toHaveLength(3);
  });

  test("takes the export that is named, and one of a compatible version", async () => {
    const other = await dependency("ns:math/add", exporter("my:own/thing"), {
      export: "my:own/thing",
    });
    expect((await compose(user, [other])).imports).toEqual([]);
    const newer = await dependency("ns:math/add", exporter("ns:math/add@1.3.0"));
    expect((await compose(user, [newer])).imports).toEqual([]);
  });

  test("satisfies a function that is imported by a plain name", async () => {
    const wat = `(component (import "go" (func $go (param "x" u32) (result u32)))
      (core func (canon lower (func $go))))`;
    const given = `(component
      (core module $m (func (export "go") (param i32) (result i32) local.get 0))
      (core instance $i (instantiate $m))
      (func (export "go") (param "x" u32) (result u32) (canon lift (core func $i "go"))))`;
    expect((await compose(wat, [await dependency("go", given)])).imports).toEqual([]);
  });

  test("marks what a dependency may not use, by what it inherits", async () => {
    const imports = ["wasi:cli/environment@0.2.6", "wasi:cli/exit@0.2.0", "fermyon:spin/llm@2.0.0"];
    const inner = `${importer(...imports).slice(0, -1)} ${adder.slice("(component".length)}`;
    const denied = async (inherit: CompositionPart["inherit"]): Promise<unknown> => {
      const plan = await compose(user, [await dependency("ns:math", inner, { inherit })]);
      return plan.imports.flatMap((item) => (item.denied === true ? [item.interfaceName] : []));
    };
    expect(await denied([])).toEqual(["wasi:cli/environment@0.2.6", "fermyon:spin/llm@2.0.0"]);
    expect(await denied(["environment"])).toEqual(["fermyon:spin/llm@2.0.0"]);
    expect(await denied(["environment", "ai_models"])).toEqual([]);
    expect(await denied("all")).toEqual([]);
  });

  test("never marks what the component itself imports", async () => {
    const plan = await compose(importer("ns:math/add@1.0.0", "wasi:cli/environment@0.2.6"), [
      await dependency("ns:math", adder),
    ]);
    expect(plan.imports.map(({ denied }) => denied)).toEqual([undefined]);
  });
});

const wrongType = exporter("ns:math/add@1.0.0").replaceAll('(param "x" u32)', '(param "x" s32)');

interface Refusal {
  readonly what: string;
  readonly wat: string;
  /** Name, component and export of each dependency. */
  readonly given: readonly (readonly [string, string, string?])[];
  readonly code: string;
  readonly message: string;
}

describe("composeComponents refuses", () => {
  test.each<Refusal>([
    {
      what: "a dependency that means no import",
      wat: user,
      given: [["ns:other", adder]],
      code: "manifest",
      message:
        "dependency 'ns:other' doesn't match any imports of component 'c'; it imports ns:math/add@1.0.0",
    },
    {
      what: "a dependency of a component without imports",
      wat: "(component)",
      given: [["ns:other", adder]],
      code: "manifest",
      message:
        "dependency 'ns:other' doesn't match any imports of component 'c'; it imports nothing",
    },
    {
      what: "two dependencies of one import",
      wat: user,
      given: [
        ["ns:math", adder],
        ["ns:math/add", adder],
      ],
      code: "manifest",
      message:
        "component 'c' has dependency conflicts: import 'ns:math/add@1.0.0' satisfied by dependencies: 'ns:math, ns:math/add'",
    },
    {
      what: "an export that is missing",
      wat: user,
      given: [["ns:math", exporter("ns:math/sub@1.0.0")]],
      code: "invalid",
      message:
        "dependency 'ns:math' doesn't export 'ns:math/add@1.0.0' to satisfy import 'ns:math/add@1.0.0'; it exports ns:math/sub@1.0.0",
    },
    {
      what: "an export that is named and missing",
      wat: user,
      given: [["ns:math/add", "(component)", "x:y/z"]],
      code: "invalid",
      message:
        "dependency 'ns:math/add' doesn't export 'x:y/z' to satisfy import 'ns:math/add@1.0.0'; it exports nothing",
    },
    {
      what: "an export of another type",
      wat: user,
      given: [["ns:math", wrongType]],
      code: "invalid",
      message:
        "dependency 'ns:math' exports 'ns:math/add@1.0.0' which is not compatible with import 'ns:math/add@1.0.0': invalid component: \"ns:math/add@1.0.0\" \"go\" has another function type than declared",
    },
  ])("$what", async ({ wat, given, code, message }) => {
    const dependencies = await Promise.all(
      given.map(([own, text, used]) => dependency(own, text, { export: used })),
    );
    await expect(compose(wat, dependencies)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });

  test("a dependency that is invalid, with its name", async () => {
    const wrong = `(core module $n (import "a" "b" (func))) (core instance (instantiate $n)))`;
    const broken = await dependency("ns:math", adder.slice(0, -1) + wrong);
    await expect(compose(user, [broken])).rejects.toThrow(/^'ns:math': invalid component: /);
  });

  test("bytes that are no component, with the dependency's name", async () => {
    const broken = { ...(await dependency("ns:math", adder)), bytes: new Uint8Array([1, 2, 3]) };
    await expect(compose(user, [broken])).rejects.toThrow(/^'ns:math': /);
  });

  test("middleware before a component without a handler, or without an import of its own", async () => {
    const handler = "wasi:http/handler@0.3.0";
    const layer = await part(adder, { name: "m" });
    await expect(compose(adder, [], [layer])).rejects.toThrow(
      "component 'c' doesn't export 'wasi:http/handler@0.3.0', which middleware needs; it exports ns:math/add@1.0.0",
    );
    await expect(compose(exporter(handler), [], [layer])).rejects.toThrow(
      "middleware 'm' doesn't import 'wasi:http/handler@0.3.0'",
    );
    const old = await part(importer("wasi:http/handler@0.2.0"), { name: "m" });
    await expect(compose(exporter(handler), [], [old])).rejects.toThrow(
      "middleware 'm' doesn't import 'wasi:http/handler@0.3.0' but 'wasi:http/handler@0.2.0'",
    );
  });
});

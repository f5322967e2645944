import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Composition, CompositionDependency, CompositionPart } from "../component/compose.ts";
import type { LiftedFunction } from "../component/plan.ts";
import { encode } from "../component/test-wat.ts";
import { prepareComponent } from "../prepare/prepare.ts";
import type { HostInterface } from "./host-interface.ts";
import { Instance } from "./instance.ts";
import { Linker } from "./linker.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Calls the function of the interface `name` that a composition exports. */
async function runner(
  composition: Composition,
  name: string,
  interfaces: readonly HostInterface<undefined>[] = [],
): Promise<(...values: readonly unknown[]) => unknown> {
  const prepared = await prepareComponent(composition);
  const instance = new Instance(new Linker(interfaces).link(prepared), undefined);
  const found = prepared.plan.exports.get(name);
  const go = found?.kind === "instance" ? found.exports.get("go") : undefined;
  if (go?.kind !== "func" || go.function.kind !== "lift") throw new Error(`no function of ${name}`);
  const lifted: LiftedFunction = go.function;
  return (...values) => instance.lifted(lifted)(...values) as unknown;
}

function part(name: string, bytes: Bytes, changes: Partial<CompositionPart> = {}): CompositionPart {
  return { name, bytes, inherit: "all", dependencies: [], ...changes };
}

function dependency(
  name: string,
  bytes: Bytes,
  changes: Partial<CompositionDependency> = {},
): CompositionDependency {
  return { ...part(name, bytes), inherit: [], export: undefined, ...changes };
}

const goType = `(param "x" u32) (result u32)`;

/** Exports `go` of one interface: what the imported ones give for its argument, times 10, plus `digit`. */
function layer(exported: string, imported: readonly string[], digit: number): string {
  const imports = imported.map(
    (name, index) => `(import "${name}" (instance $i${index} (export "go" (func ${goType}))))
      (core func $f${index} (canon lower (func $i${index} "go")))`,
  );
  const core = imported.map(
    (_, index) => `(import "" "${index}" (func $f${index} (param i32) (result i32)))`,
  );
  const given = imported.map((_, index) => `(export "${index}" (func $f${index}))`);
  const calls = imported.map((_, index) => `(local.set $x (call $f${index} (local.get $x)))`);
  return `(component
    ${imports.join("\n")}
    (core module $m ${core.join("\n")}
      (func (export "go") (param $x i32) (result i32)
        ${calls.join("\n")}
        (i32.add (i32.mul (local.get $x) (i32.const 10)) (i32.const ${digit}))))
    (core instance $c (instantiate $m (with "" (instance ${given.join("\n")}))))
    (func $go ${goType} (canon lift (core func $c "go")))
    (instance $api (export "go" (func $go)))
    (export "${exported}" (instance $api)))`;
}

const handler = "wasi:http/handler@0.3.0";

describe("a composition", () => {
  test("calls through middleware, the first one outermost, and dependencies of dependencies", async () => {
    const [inner, middle, main, a, b] = await Promise.all([
      encode(layer("x:inner/go", [], 1)),
      encode(layer("x:middle/go", ["x:inner/go"], 2)),
      encode(layer(handler, ["x:middle/go"], 3)),
      encode(layer(handler, [handler], 4)),
      encode(layer(handler, [handler], 5)),
    ]);
    const go = await runner(
      {
        component: part("main", main, {
          dependencies: [
            dependency("x:middle", middle, { dependencies: [dependency("x:inner", inner)] }),
          ],
        }),
        middleware: [part("a", a), part("b", b)],
      },
      handler,
    );
    expect(go(0)).toBe(12_354);
    expect(go(9)).toBe(912_354);
  });

  test("of any shape gives what its parts give one after the other", async () => {
    const shape = fc.record({
      digits: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }),
      layers: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ digits, layers }) => {
        const names = digits.map((_, index) => `x:part${index}/go@1.${index}.0`);
        const parts = await Promise.all(
          digits.map(async (digit, index) =>
            dependency(`x:part${index}`, await encode(layer(names[index] ?? "", [], digit))),
          ),
        );
        const main = await encode(layer(handler, names, 7));
        const middleware = await Promise.all(
          layers.map(async (digit) => part("m", await encode(layer(handler, [handler], digit)))),
        );
        const component = part("main", main, { dependencies: parts });
        const go = await runner({ component, middleware }, handler);
        const expected = [...digits, 7, ...layers.toReversed()].join("");
        expect(go(1)).toBe(Number(`1${expected}`));
      }),
      { numRuns: 12 },
    );
  });
});

/** `thing` is a resource of the host; `number` gives what is in it. */
const things: HostInterface<undefined> = {
  name: "test:host/things",
  version: "0.2.9",
  functions: {
    "[constructor]thing": (_context: undefined, value: number) => ({ value }),
    "[method]thing.number": (_context: undefined, thing: { value: number }) => thing.value,
  },
  suspending: new Set(),
  resources: { thing: {} },
};

const thingsType = (
  version: string,
): string => `(import "test:host/things@${version}" (instance $things
  (export "thing" (type $thing (sub resource)))
  (export "[constructor]thing" (func (param "value" u32) (result (own $thing))))
  (export "[method]thing.number" (func (param "self" (borrow $thing)) (result u32)))))
  (alias export $things "thing" (type $thing))`;

/** Exports \`x:use/go\`: takes a thing and gives its number. */
const taker = (version: string): string => `(component ${thingsType(version)}
  (core func $number (canon lower (func $things "[method]thing.number")))
  (core func $drop (canon resource.drop $thing))
  (core module $m
    (import "" "number" (func $number (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "go") (param $thing i32) (result i32) (local $number i32)
      (local.set $number (call $number (local.get $thing)))
      (call $drop (local.get $thing))
      (i32.add (local.get $number) (i32.const 100))))
  (core instance $c (instantiate $m (with "" (instance
    (export "number" (func $number)) (export "drop" (func $drop))))))
  (func $go (param "thing" (own $thing)) (result u32) (canon lift (core func $c "go")))
  (instance $api (export "thing" (type $thing)) (export "go" (func $go)))
  (export "x:use/take" (instance $api)))`;

/** Makes a thing and gives it away. */
const giver = `(component ${thingsType("0.2.3")}
  (import "x:use/take" (instance $use
    (alias outer 1 $thing (type $outer))
    (export "thing" (type $thing (eq $outer)))
    (export "go" (func (param "thing" (own $thing)) (result u32)))))
  (core func $make (canon lower (func $things "[constructor]thing")))
  (core func $give (canon lower (func $use "go")))
  (core module $m
    (import "" "make" (func $make (param i32) (result i32)))
    (import "" "give" (func $give (param i32) (result i32)))
    (func (export "go") (param i32) (result i32) (call $give (call $make (local.get 0)))))
  (core instance $c (instantiate $m (with "" (instance
    (export "make" (func $make)) (export "give" (func $give))))))
  (func $go ${goType} (canon lift (core func $c "go")))
  (instance $api (export "go" (func $go)))
  (export "x:main/go" (instance $api)))`;

describe("handles of the host's resources", () => {
  test("pass between parts that import them in other versions of one track", async () => {
    const component = part("main", await encode(giver), {
      dependencies: [dependency("x:use", await encode(taker("0.2.7")))],
    });
    const go = await runner({ component, middleware: [] }, "x:main/go", [things]);
    expect(go(11)).toBe(111);
  });

  test("do not pass between tracks", async () => {
    const component = part("main", await encode(giver), {
      dependencies: [dependency("x:use", await encode(taker("0.3.0")))],
    });
    await expect(runner({ component, middleware: [] }, "x:main/go", [things])).rejects.toThrow(
      /dependency 'x:use' exports 'x:use\/take' which is not compatible with import 'x:use\/take': .*is another type than declared/,
    );
  });

  test("do not pass to a part that is denied the interface", async () => {
    const rename = (wat: string): string =>
      wat.replaceAll(/test:host\/things@[\d.]+/g, "spin:sqlite/sqlite@3.0.0");
    const [main, inner] = await Promise.all([
      encode(rename(giver)),
      encode(rename(taker("0.2.3"))),
    ]);
    const composed = (inherit: CompositionPart["inherit"]): Promise<unknown> => {
      const given = dependency("x:use", inner, { inherit });
      const component = part("main", main, { dependencies: [given] });
      const offered = { ...things, name: "spin:sqlite/sqlite", version: "3.1.0" };
      return runner({ component, middleware: [] }, "x:main/go", [offered]);
    };
    await expect(composed([])).rejects.toThrow(/which is not compatible with import/);
    await expect(composed(["sqlite_databases"])).resolves.toBeTypeOf("function");
  });
});

/** `x:inner/go` gives the bytes of what `create-tcp-socket` answers. */
const opener = `(component
  (import "wasi:sockets/tcp-create-socket@0.2.3" (instance $host
    (type $names (enum "unknown" "access-denied"))
    (export "error-code" (type $code (eq $names)))
    (type $result (result (error $code)))
    (export "create-tcp-socket" (func (result $result)))))
  (core module $memory (memory (export "mem") 1))
  (core instance $memory (instantiate $memory))
  (core func $open (canon lower (func $host "create-tcp-socket")
    (memory (core memory $memory "mem"))))
  (core module $m
    (import "" "mem" (memory 1))
    (import "" "open" (func $open (param i32)))
    (func (export "go") (param i32) (result i32)
      (call $open (i32.const 0)) (i32.load16_u (i32.const 0))))
  (core instance $c (instantiate $m (with "" (instance
    (export "open" (func $open)) (export "mem" (memory $memory "mem"))))))
  (func $go ${goType} (canon lift (core func $c "go")))
  (instance $api (export "go" (func $go)))
  (export "x:inner/go" (instance $api)))`;

describe("a part that may not use an interface", () => {
  const host: HostInterface<undefined> = {
    name: "wasi:sockets/tcp-create-socket",
    version: "0.2.9",
    functions: { "create-tcp-socket": () => ({ tag: "ok", val: undefined }) },
    suspending: new Set(),
    resources: {},
  };

  test.each([
    // Case 1 of the result (error), case 1 of the error.
    { inherit: [], answer: 0x0101 },
    { inherit: ["allowed_outbound_hosts"], answer: 0 },
  ])("inheriting $inherit gets $answer", async ({ inherit, answer }) => {
    const main = await encode(layer("x:main/go", ["x:inner/go"], 0));
    const given = dependency("x:inner", await encode(opener), { inherit });
    const component = part("main", main, { dependencies: [given] });
    const go = await runner({ component, middleware: [] }, "x:main/go", [host]);
    expect(go(0)).toBe(answer * 10);
  });
});

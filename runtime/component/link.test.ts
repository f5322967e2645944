import { expect, test } from "vitest";
import type { Plan, PlanExport, Trampoline } from "./plan.ts";
import { link } from "./test-wat.ts";

function exportedInstance(plan: Plan, name: string): ReadonlyMap<string, PlanExport> {
  const found = plan.exports.get(name);
  if (found?.kind !== "instance") throw new Error(`no instance ${name}`);
  return found.exports;
}

function lowered(plan: Plan, index = 0): Trampoline & { kind: "lower" } {
  const found = plan.trampolines.filter((trampoline) => trampoline.kind === "lower")[index];
  if (found === undefined) throw new Error(`no lowered function ${index}`);
  return found;
}

test("an empty component is an empty plan", async () => {
  expect(await link("(component)")).toEqual({
    modules: [],
    imports: [],
    resources: [],
    componentInstances: [{ parent: undefined }],
    coreInstances: [],
    trampolines: [],
    exports: new Map(),
  });
});

test("imports are lowered into a core module whose export is lifted", async () => {
  const plan = await link(`(component
    (import "ns:pkg/host@1.2.3" (instance $host (export "add" (func (param "a" u32) (result u32)))))
    (import "log" (func $log))
    (core func $add (canon lower (func $host "add")))
    (core func $log' (canon lower (func $log)))
    (core module $m
      (import "host" "add" (func (param i32) (result i32)))
      (import "host" "log" (func))
      (func (export "run") (param i32) (result i32) local.get 0))
    (core instance $i (instantiate $m
      (with "host" (instance (export "add" (func $add)) (export "log" (func $log')) (export "unused" (func $log'))))))
    (func $run (param "x" u32) (result u32) (canon lift (core func $i "run")))
    (instance $api (export "run" (func $run)))
    (export "ns:pkg/api@1.0.0" (instance $api)))`);

  expect(plan.imports).toMatchObject([
    { kind: "func", interfaceName: "ns:pkg/host@1.2.3", name: "add" },
    { kind: "func", interfaceName: undefined, name: "log" },
  ]);
  expect(plan.trampolines).toMatchObject([
    { kind: "lower", function: { kind: "import", import: 0 }, instance: 0 },
    { kind: "lower", function: { kind: "import", import: 1 }, instance: 0 },
  ]);
  expect(plan.coreInstances).toEqual([
    {
      module: 0,
      imports: new Map([
        [
          "host",
          new Map([
            ["add", { kind: "trampoline", trampoline: 0 }],
            ["log", { kind: "trampoline", trampoline: 1 }],
          ]),
        ],
      ]),
    },
  ]);
  expect(exportedInstance(plan, "ns:pkg/api@1.0.0").get("run")).toMatchObject({
    kind: "func",
    function: {
      kind: "lift",
      core: { kind: "export", instance: 0, name: "run" },
      instance: 0,
      type: { params: [{ name: "x", type: { kind: "u32" } }], result: { kind: "u32" } },
      options: { stringEncoding: "utf8", async: false },
    },
  });
});

test("canonical options are resolved to core items", async () => {
  const plan = await link(`(component
    (core module $m
      (memory (export "mem") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
      (func (export "f") (param i32 i32) (result i32) unreachable)
      (func (export "f-post") (param i32)))
    (core instance $i (instantiate $m))
    (func (export "f") (param "s" string) (result string) (canon lift (core func $i "f")
      string-encoding=latin1+utf16 (memory (core memory $i "mem")) (realloc (core func $i "realloc"))
      (post-return (core func $i "f-post")))))`);
  const item = (name: string): object => ({ kind: "export", instance: 0, name });
  expect(plan.exports.get("f")).toMatchObject({
    function: {
      options: {
        stringEncoding: "latin1+utf16",
        memory: item("mem"),
        realloc: item("realloc"),
        postReturn: item("f-post"),
        async: false,
        callback: undefined,
      },
    },
  });
});

const resourceComponent = `(component $C
  (core module $m (func (export "drop") (param i32)))
  (core instance $i (instantiate $m))
  (type $r (resource (rep i32) (dtor (core func $i "drop"))))
  (core func (canon resource.new $r))
  (core func (canon resource.drop $r))
  (export "r" (type $r)))`;

test("a component instantiated twice defines its resources twice", async () => {
  const plan = await link(`(component ${resourceComponent}
    (instance $a (instantiate $C))
    (instance $b (instantiate $C))
    (export "a" (instance $a))
    (export "b" (instance $b)))`);
  expect(plan.componentInstances).toEqual([{ parent: undefined }, { parent: 0 }, { parent: 0 }]);
  expect(plan.modules).toHaveLength(1);
  expect(plan.coreInstances).toHaveLength(2);
  const destructor = (instance: number): object => ({ kind: "export", instance, name: "drop" });
  expect(plan.resources).toEqual([
    { kind: "defined", instance: 1, destructor: destructor(0) },
    { kind: "defined", instance: 2, destructor: destructor(1) },
  ]);
  expect(exportedInstance(plan, "a").get("r")).toEqual({ kind: "type", resource: 0 });
  expect(exportedInstance(plan, "b").get("r")).toEqual({ kind: "type", resource: 1 });
  expect(plan.trampolines).toEqual([
    { kind: "resource.new", resource: 0, instance: 1 },
    { kind: "resource.drop", resource: 0, instance: 1 },
    { kind: "resource.new", resource: 1, instance: 2 },
    { kind: "resource.drop", resource: 1, instance: 2 },
  ]);
});

test("an imported resource keeps its identity in the components it is passed to", async () => {
  const plan = await link(`(component
    (import "ns:pkg/types" (instance $types
      (export "t" (type $t (sub resource)))
      (export "make" (func (result (own $t))))))
    (alias export $types "t" (type $t))
    (component $Inner
      (import "types" (instance $types
        (export "t" (type $t (sub resource)))
        (export "make" (func (result (own $t))))))
      (alias export $types "t" (type $t))
      (import "same" (type $same (eq $t)))
      (import "take" (func $take (param "x" (borrow $same))))
      (core func (canon lower (func $take)))
      (core func (canon lower (func $types "make")))
      (core func (canon resource.drop $same)))
    (import "take" (func $take (param "x" (borrow $t))))
    (instance (instantiate $Inner
      (with "types" (instance $types)) (with "same" (type $t)) (with "take" (func $take)))))`);
  expect(plan.resources).toEqual([{ kind: "import", import: 0 }]);
  expect(plan.imports).toMatchObject([
    { kind: "resource", interfaceName: "ns:pkg/types", name: "t", resource: 0 },
    { kind: "func", name: "make", type: { result: { kind: "own", resource: 0 } } },
    { kind: "func", name: "take", type: { params: [{ type: { kind: "borrow", resource: 0 } }] } },
  ]);
  expect(plan.trampolines).toMatchObject([
    { kind: "lower", function: { kind: "import", import: 2 }, instance: 1 },
    { kind: "lower", function: { kind: "import", import: 1 }, instance: 1 },
    { kind: "resource.drop", resource: 0, instance: 1 },
  ]);
});

test("a resource and the type that an export of it is ascribed are one at run time", async () => {
  const plan = await link(`(component
    (component $c
      (type $r (resource (rep i32)))
      (export $a "a" (type $r) (type (sub resource)))
      (core func $new (canon resource.new $r))
      (core module $m (import "" "new" (func $new (param i32) (result i32)))
        (func (export "make") (result i32) (call $new (i32.const 7))))
      (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
      (func $make (result (own $a)) (canon lift (core func $i "make")))
      (instance $i' (export "a" (type $a)) (export "make" (func $make)))
      (type $hidden (instance
        (export "a" (type $b (sub resource))) (export "make" (func (result (own $b))))))
      (export "i" (instance $i') (instance (type $hidden))))
    (instance $c1 (instantiate $c))
    (alias export $c1 "i" (instance $i))
    (alias export $i "a" (type $a))
    (component $user
      (import "a" (type $a (sub resource)))
      (import "make" (func $make (result (own $a))))
      (core func (canon resource.drop $a)) (core func (canon lower (func $make))))
    (instance (instantiate $user (with "a" (type $a)) (with "make" (func $i "make")))))`);
  expect(plan.resources).toMatchObject([{ kind: "defined", instance: 1 }]);
  const drops = plan.trampolines.filter(({ kind }) => kind === "resource.drop");
  expect(drops).toMatchObject([{ resource: 0, instance: 2 }]);
  expect(lowered(plan).function.type.result).toMatchObject({ kind: "own", resource: 0 });
});

test("a component lowers what its sibling lifts, with the sibling's resource", async () => {
  const plan = await link(`(component
    (component $A
      (core module $m (func (export "make") (result i32) i32.const 1))
      (core instance $i (instantiate $m))
      (type $r (resource (rep i32)))
      (export $r' "r" (type $r))
      (func (export "make") (result (own $r')) (canon lift (core func $i "make"))))
    (instance $a (instantiate $A))
    (component $B
      (import "a" (instance $a
        (export "r" (type $r (sub resource)))
        (export "make" (func (result (own $r))))))
      (core func (canon lower (func $a "make"))))
    (instance (instantiate $B (with "a" (instance $a)))))`);
  expect(plan.imports).toEqual([]);
  expect(lowered(plan)).toMatchObject({
    instance: 2,
    function: {
      kind: "lift",
      instance: 1,
      core: { kind: "export", instance: 0, name: "make" },
      type: { result: { kind: "own", resource: 0 } },
    },
  });
});

test("several versions of one interface are imports of their own", async () => {
  const plan = await link(`(component
    (import "wasi:io/poll@0.2.0" (instance (export "pollable" (type (sub resource)))))
    (import "wasi:io/poll@0.2.3" (instance (export "pollable" (type (sub resource)))))
    (import "wasi:io/poll" (instance (export "pollable" (type (sub resource))))))`);
  expect(plan.imports.map(({ interfaceName }) => interfaceName)).toEqual([
    "wasi:io/poll@0.2.0",
    "wasi:io/poll@0.2.3",
    "wasi:io/poll",
  ]);
  expect(plan.resources).toHaveLength(3);
});

test("imports that are only types have no leaves", async () => {
  const plan = await link(`(component
    (import "ns:pkg/types" (instance $types
      (type $e (enum "a" "b"))
      (export "e" (type $e' (eq $e)))))
    (alias export $types "e" (type $e))
    (import "f" (func (param "e" $e))))`);
  expect(plan.imports).toMatchObject([
    { name: "f", type: { params: [{ type: { kind: "enum", names: ["a", "b"] } }] } },
  ]);
});

test("an import can be exported again", async () => {
  const plan = await link(`(component
    (import "ns:pkg/a" (instance $a (export "f" (func))))
    (export "ns:pkg/a" (instance $a))
    (export "g" (func $a "f")))`);
  expect(plan.exports.get("g")).toMatchObject({ function: { kind: "import", import: 0 } });
  expect(exportedInstance(plan, "ns:pkg/a").get("f")).toEqual(plan.exports.get("g"));
});

test("an exported instance shows what its type says and no more", async () => {
  const plan = await link(`(component
    (import "a" (instance $a (export "f" (func)) (export "g" (func))))
    (type $narrow (instance (export "g" (func))))
    (export "b" (instance $a) (instance (type $narrow))))`);
  expect([...exportedInstance(plan, "b").keys()]).toEqual(["g"]);
});

test("only modules that are instantiated or exported are in the plan", async () => {
  const plan = await link(`(component
    (core module $unused (func (export "a")))
    (core module $twice (func (export "b")))
    (core module $out (func (export "c")))
    (core instance (instantiate $twice))
    (core instance (instantiate $twice))
    (export "m" (core module $out))
    (component $sub)
    (export "c" (component $sub)))`);
  expect(plan.coreInstances.map(({ module }) => module)).toEqual([0, 0]);
  expect(plan.modules).toHaveLength(2);
  expect(plan.exports.get("m")).toEqual({ kind: "module", module: 1 });
  expect(plan.exports.get("c")).toEqual({ kind: "component" });
});

test("core items of every sort pass from instance to instance", async () => {
  const plan = await link(`(component
    (core module $a
      (func (export "f")) (table (export "t") 1 funcref) (memory (export "m") 1)
      (global (export "g") (mut i32) (i32.const 0)) (tag (export "e")))
    (core instance $a (instantiate $a))
    (alias core export $a "f" (core func $f))
    (alias core export $a "t" (core table $t))
    (alias core export $a "m" (core memory $m))
    (alias core export $a "g" (core global $g))
    (alias core export $a "e" (core tag $e))
    (core module $b
      (import "a" "f" (func)) (import "a" "t" (table 1 funcref)) (import "a" "m" (memory 1))
      (import "a" "g" (global (mut i32))) (import "a" "e" (tag)))
    (core instance (instantiate $b (with "a" (instance
      (export "f" (func $f)) (export "t" (table $t)) (export "m" (memory $m))
      (export "g" (global $g)) (export "e" (tag $e)))))))`);
  const item = (name: string): [string, object] => [name, { kind: "export", instance: 0, name }];
  expect(plan.coreInstances[1]?.imports.get("a")).toEqual(
    new Map([item("f"), item("t"), item("m"), item("g"), item("e")]),
  );
});

test("components and modules reach nested components as arguments and outer aliases", async () => {
  const plan = await link(`(component $root
    (core module $m (func (export "f")))
    (component $leaf
      (core module $lm (func (export "g")))
      (core instance (instantiate $lm)))
    (component $mid
      (import "c" (component $c))
      (import "m" (core module $arg (export "f" (func))))
      (alias outer $root $m (core module $outer))
      (alias outer $root $leaf (component $outer-leaf))
      (core instance (instantiate $arg))
      (core instance (instantiate $outer))
      (instance (instantiate $c))
      (instance (instantiate $outer-leaf)))
    (instance (instantiate $mid (with "c" (component $leaf)) (with "m" (core module $m)))))`);
  expect(plan.componentInstances).toEqual([
    { parent: undefined },
    { parent: 0 },
    { parent: 1 },
    { parent: 1 },
  ]);
  expect(plan.coreInstances.map(({ module }) => module)).toEqual([0, 0, 1, 1]);
});

test("the components that checking looks at leave nothing in the plan", async () => {
  const plan = await link(`(component
    (component
      (import "host" (instance $h (export "r" (type (sub resource))) (export "f" (func))))
      (import "m" (core module $m))
      (import "c" (component $c (import "x" (func)) (export "y" (func))))
      (core instance (instantiate $m))
      (instance $i (instantiate $c (with "x" (func $h "f"))))
      (core func (canon lower (func $i "y")))))`);
  expect(plan).toEqual(await link("(component)"));
});

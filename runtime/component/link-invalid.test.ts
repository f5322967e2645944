import { expect, test } from "vitest";
import { encode } from "./test-wat.ts";
import { linkComponent } from "./link.ts";

interface Case {
  readonly what: string;
  readonly wat: string;
  readonly message: string;
}

const core = `(core module $m
    (memory (export "mem") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "f"))
    (func (export "one") (param i32))
    (func (export "to-ptr") (result i32) unreachable)
    (func (export "cb") (param i32 i32 i32) (result i32) unreachable))
  (core instance $i (instantiate $m))
  (alias core export $i "mem" (core memory $mem))
  (alias core export $i "realloc" (core func $realloc))`;

const indices: Case[] = [
  { what: "type", wat: "(type (list 5))", message: "type 5 does not exist" },
  { what: "its own type", wat: "(type (list 0))", message: "type 0 does not exist" },
  {
    what: "core function",
    wat: "(type (func)) (func (type 0) (canon lift (core func 3)))",
    message: "core function 3",
  },
  { what: "function", wat: "(core func (canon lower (func 2)))", message: "function 2 does not" },
  { what: "core module", wat: "(core instance (instantiate 0))", message: "core module 0" },
  { what: "component", wat: "(instance (instantiate 0))", message: "component 0 does not" },
  { what: "instance", wat: '(alias export 0 "f" (func))', message: "instance 0 does not" },
  {
    what: "core instance",
    wat: '(alias core export 0 "f" (core func))',
    message: "core instance 0",
  },
  { what: "outer scope", wat: "(alias outer 1 0 (type))", message: "1 scopes out" },
  { what: "outer item", wat: "(component (alias outer 1 0 (type)))", message: "type 0 does not" },
  {
    what: "outer item defined later",
    wat: "(component $c (alias outer 1 0 (type))) (type u8) (instance (instantiate $c))",
    message: "type 0 does not",
  },
  {
    what: "memory",
    wat: '(import "f" (func $f)) (core func (canon lower (func $f) (memory (core memory 3))))',
    message: "core memory 3",
  },
  { what: "stream type", wat: "(core func (canon stream.new 0))", message: "type 0 does not" },
  {
    what: "export",
    wat: '(import "a" (instance $a)) (alias export $a "f" (func))',
    message: 'no export "f"',
  },
  {
    what: "core export",
    wat: `${core} (alias core export $i "g" (core func))`,
    message: 'no export "g"',
  },
];

const sorts: Case[] = [
  {
    what: "func type as a value type",
    wat: "(type (func)) (type (list 0))",
    message: "type 0 is a func",
  },
  {
    what: "value type of a func",
    wat: '(type u8) (import "f" (func (type 0)))',
    message: "not a function type",
  },
  { what: "value type as a resource", wat: "(type u8) (type (own 0))", message: "not a resource" },
  {
    what: "value type of an instance",
    wat: '(type u8) (import "f" (instance (type 0)))',
    message: "not a type of instances",
  },
  {
    what: "alias of another sort",
    wat: '(import "a" (instance $a (export "f" (func)))) (alias export $a "f" (type))',
    message: "is a func and not a type",
  },
  {
    what: "core alias of another sort",
    wat: `${core} (alias core export $i "mem" (core func))`,
    message: "is a memory and not a func",
  },
  {
    what: "stream built-in of a future",
    wat: "(type $f (future)) (core func (canon stream.new $f))",
    message: "is not a stream type",
  },
  {
    what: "borrow in a result",
    wat: '(import "r" (type $r (sub resource))) (type (func (result (borrow $r))))',
    message: "borrowed",
  },
  {
    what: "borrow in a stream",
    wat: '(import "r" (type $r (sub resource))) (type (stream (borrow $r)))',
    message: "borrowed",
  },
  { what: "stream of char", wat: "(type (stream char))", message: "stream type of char" },
  { what: "map with keys of floats", wat: "(type (map f32 u8))", message: "keys of type f32" },
];

const instantiation: Case[] = [
  {
    what: "missing argument",
    wat: '(component $c (import "a" (func))) (instance (instantiate $c))',
    message: 'without its import "a"',
  },
  {
    what: "argument of another sort",
    wat: '(component $c (import "a" (func))) (instance $i) (instance (instantiate $c (with "a" (instance $i))))',
    message: "is a instance where a func is needed",
  },
  {
    what: "argument of another func type",
    wat: '(component $c (import "a" (func (param "x" u8)))) (import "f" (func $f (param "x" u16))) (instance (instantiate $c (with "a" (func $f))))',
    message: "another function type",
  },
  {
    what: "argument with another parameter name",
    wat: '(component $c (import "a" (func (param "x" u8)))) (import "f" (func $f (param "y" u8))) (instance (instantiate $c (with "a" (func $f))))',
    message: "another function type",
  },
  {
    what: "sync argument for an async import",
    wat: '(component $c (import "a" (func async))) (import "f" (func $f)) (instance (instantiate $c (with "a" (func $f))))',
    message: "another function type",
  },
  {
    what: "argument instance that lacks an export",
    wat: '(component $c (import "a" (instance (export "f" (func))))) (instance $i) (instance (instantiate $c (with "a" (instance $i))))',
    message: '"a" "f" is missing',
  },
  {
    what: "argument type that differs",
    wat: '(component $c (type $t u8) (import "a" (type (eq $t)))) (type $x u16) (instance (instantiate $c (with "a" (type $x))))',
    message: "another type",
  },
  {
    what: "argument type that is no resource",
    wat: '(component $c (import "a" (type (sub resource)))) (type $x u16) (instance (instantiate $c (with "a" (type $x))))',
    message: "not a resource type",
  },
  {
    what: "another resource",
    wat: `(component $c (import "a" (type $a (sub resource))) (import "f" (func (param "x" (own $a)))))
      (import "a" (type $a (sub resource))) (import "b" (type $b (sub resource))) (import "f" (func $f (param "x" (own $b))))
      (instance (instantiate $c (with "a" (type $a)) (with "f" (func $f))))`,
    message: "another function type",
  },
  {
    what: "core module without its import",
    wat: '(core module $m (import "a" "b" (func))) (core instance (instantiate $m))',
    message: 'without its import "a"',
  },
  {
    what: "core module without a field",
    wat: '(core module $m (import "a" "b" (func))) (core instance $e) (core instance (instantiate $m (with "a" (instance $e))))',
    message: '"a" "b"',
  },
  {
    what: "core module with another func type",
    wat: `${core} (core module $n (import "i" "one" (func))) (core instance (instantiate $n (with "i" (instance $i))))`,
    message: "another func",
  },
  {
    what: "core module with a memory too small",
    wat: `${core} (core module $n (import "i" "mem" (memory 2))) (core instance (instantiate $n (with "i" (instance $i))))`,
    message: "another memory",
  },
  {
    what: "module argument that needs more",
    wat: '(core module $m (import "a" "b" (func))) (component $c (import "m" (core module))) (instance (instantiate $c (with "m" (core module $m))))',
    message: "other than declared",
  },
  {
    what: "module argument that gives less",
    wat: '(core module $m) (component $c (import "m" (core module (export "f" (func))))) (instance (instantiate $c (with "m" (core module $m))))',
    message: "other than declared",
  },
  {
    what: "component argument that needs more",
    wat: '(component $n (import "x" (func))) (component $c (import "n" (component))) (instance (instantiate $c (with "n" (component $n))))',
    message: 'without its import "x"',
  },
  {
    what: "component argument that gives less",
    wat: '(component $n) (component $c (import "n" (component (export "x" (func))))) (instance (instantiate $c (with "n" (component $n))))',
    message: '"x" is missing',
  },
  {
    what: "export that is not of its type",
    wat: '(import "f" (func $f)) (export "g" (func $f) (func (param "x" u8)))',
    message: "another function type",
  },
];

const canon: Case[] = [
  {
    what: "lift of another core type",
    wat: `${core} (func (param "x" u64) (canon lift (core func $i "one")))`,
    message: "instead of (i64) -> ()",
  },
  {
    what: "lift of a string without memory",
    wat: `${core} (func (result string) (canon lift (core func $i "to-ptr")))`,
    message: "memory is required",
  },
  {
    what: "lift with a parameter that needs realloc",
    wat: `(core module $m (memory (export "mem") 1) (func (export "f") (param i32 i32))) (core instance $i (instantiate $m)) (func (param "x" string) (canon lift (core func $i "f") (memory (core memory $i "mem"))))`,
    message: "realloc is required",
  },
  {
    what: "lower of a string without memory",
    wat: '(import "f" (func $f (param "x" string))) (core func (canon lower (func $f)))',
    message: "memory is required",
  },
  {
    what: "lower with a result that needs realloc",
    wat: `${core} (import "f" (func $f (result string))) (core func (canon lower (func $f) (memory $mem)))`,
    message: "realloc is required",
  },
  {
    what: "realloc without memory",
    wat: `${core} (import "f" (func $f)) (core func (canon lower (func $f) (realloc $realloc)))`,
    message: "realloc without a memory",
  },
  {
    what: "realloc of another type",
    wat: `${core} (import "f" (func $f)) (core func (canon lower (func $f) (memory $mem) (realloc (core func $i "f"))))`,
    message: "canonical options has type",
  },
  {
    what: "post-return of another type",
    wat: `${core} (func (result u8) (canon lift (core func $i "to-ptr") (post-return (core func $i "f"))))`,
    message: "post-return function has type",
  },
  {
    what: "callback without async",
    wat: `${core} (func async (canon lift (core func $i "to-ptr") (callback (core func $i "cb"))))`,
    message: "callback of a function that is not async",
  },
  {
    what: "async lift of a sync type",
    wat: `${core} (func (canon lift (core func $i "to-ptr") async (callback (core func $i "cb"))))`,
    message: "not async",
  },
  {
    what: "async lower of a sync type",
    wat: `${core} (import "f" (func $f)) (core func (canon lower (func $f) async (memory $mem)))`,
    message: "not async",
  },
  {
    what: "resource.new of an imported resource",
    wat: '(import "r" (type $r (sub resource))) (core func (canon resource.new $r))',
    message: "another component defines",
  },
  {
    what: "destructor of another type",
    wat: `${core} (type (resource (rep i32) (dtor (core func $i "f"))))`,
    message: "destructor of a resource has type",
  },
  {
    what: "context slot out of range",
    wat: "(core func (canon context.get i32 2))",
    message: "slot 2",
  },
  {
    what: "task.return of a string without memory",
    wat: "(core func (canon task.return (result string)))",
    message: "task.return without a memory",
  },
  {
    what: "stream.read without memory",
    wat: "(type $s (stream u8)) (core func (canon stream.read $s async))",
    message: "stream.read without a memory",
  },
];

const names: Case[] = [
  {
    what: "method of no resource",
    wat: '(import "[method]r.f" (func))',
    message: "no resource named before",
  },
  {
    what: "method without self",
    wat: '(import "r" (type (sub resource))) (import "[method]r.f" (func))',
    message: 'does not take "self"',
  },
  {
    what: "constructor of something else",
    wat: '(import "r" (type (sub resource))) (import "[constructor]r" (func (result u8)))',
    message: "does not return its resource",
  },
  {
    what: "static that is no function",
    wat: '(import "r" (type (sub resource))) (import "[static]r.f" (instance))',
    message: "not a function",
  },
  {
    what: "constructor in an instance made of exports",
    wat: `(import "r" (type $r (sub resource))) (import "f" (func $f (result (own $r))))
      (instance (export "a" (type $r)) (export "[constructor]a" (func $f)))`,
    message: "which an instance cannot name",
  },
];

const unused: Case[] = [
  { what: "component", wat: "(component (type (list 5)))", message: "type 5 does not exist" },
  {
    what: "component in a component",
    wat: "(component (component (core instance (instantiate 0))))",
    message: "core module 0",
  },
  {
    what: "instance type",
    wat: '(type (instance (export "f" (func (type 7)))))',
    message: "type 7 does not exist",
  },
  {
    what: "component type",
    wat: '(type (component (import "f" (func (type 7)))))',
    message: "type 7 does not exist",
  },
  {
    what: "resource from outside",
    wat: "(component $c (type $r (resource (rep i32))) (component (alias outer $c $r (type $a))))",
    message: "resource type",
  },
];

const visibility: readonly { what: string; wat: string; message: string }[] = [
  {
    what: "import that uses a type of the component itself",
    wat: `(type $r (record (field "x" u8))) (import "f" (func (result $r)))`,
    message: "uses a type that is not itself imported or exported",
  },
  {
    what: "export that uses a type which is exported under another identity",
    wat: `(type $r (record (field "x" u8))) (import "f" (func $f))
      (export "r" (type $r)) (type $ft (func (result $r))) (export "ft" (type $ft))`,
    message: "uses a type that is not itself imported or exported",
  },
  {
    what: "imported instance that keeps a type of its functions to itself",
    wat: `(import "i" (instance (type $e (enum "a")) (export "f" (func (result $e)))))`,
    message: "uses a type that is not itself imported or exported",
  },
  {
    what: "core module that is neither valid nor used",
    wat: "(core module (func i32.add))",
    message: "core module that is not used",
  },
];

test.each([
  ...visibility,
  ...indices.map((row) => ({ ...row, what: `unknown ${row.what}` })),
  ...sorts,
  ...instantiation,
  ...canon,
  ...names,
  ...unused.map((row) => ({ ...row, what: `invalid ${row.what} that is not used` })),
])("$what is refused", async ({ wat, message }) => {
  const bytes = await encode(`(component ${wat})`);
  expect(() => linkComponent(bytes)).toThrow(
    expect.objectContaining({
      code: "invalid",
      message: expect.stringContaining(message),
    }),
  );
});

test.each([
  { what: "import of a component", wat: '(import "c" (component))' },
  { what: "import of a core module", wat: '(import "m" (core module))' },
  {
    what: "memory of 64 bits",
    wat: `(core module $m (memory (export "mem") i64 1)) (core instance $i (instantiate $m))
      (import "f" (func $f)) (core func (canon lower (func $f) (memory (core memory $i "mem"))))`,
  },
])("$what is unsupported", async ({ wat }) => {
  const bytes = await encode(`(component ${wat})`);
  expect(() => linkComponent(bytes)).toThrow(expect.objectContaining({ code: "unsupported" }));
});

test("errors say where the definition is", async () => {
  const bytes = await encode("(component (type u8) (type (list 5)))");
  expect(() => linkComponent(bytes)).toThrow(/\(definition at byte offset 0x[0-9a-f]+\)$/);
});

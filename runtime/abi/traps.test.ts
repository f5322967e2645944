import { describe, expect, test } from "vitest";
import type { CanonicalOptions, CoreItem, Plan } from "../component/plan.ts";
import type { ValueType } from "../component/types.ts";
import { compileAbi, type CoreFunction } from "./compile.ts";
import { ComponentState, type RootState, SyncRoot } from "./component-state.ts";
import { GuestMemory } from "./guest-memory.ts";
import { ResourceOperations } from "./support.ts";

const item = (name: string): CoreItem => ({ kind: "export", instance: 0, name });
const pageBytes = 65_536;

interface Guest {
  /** The lowered import as the guest's core code sees it. */
  readonly call: CoreFunction;
  readonly memory: WebAssembly.Memory;
  readonly root: RootState;
  readonly state: ComponentState;
  readonly received: unknown[];
}

/** A guest that imports one function taking a value of `type` and returning `result`. */
function guest(
  type: ValueType,
  given: {
    readonly encoding?: CanonicalOptions["stringEncoding"];
    readonly result?: ValueType;
    readonly returns?: unknown;
    readonly realloc?: CoreFunction;
  } = {},
): Guest {
  const options: CanonicalOptions = {
    stringEncoding: given.encoding ?? "utf8",
    memory: item("memory"),
    realloc: item("realloc"),
    postReturn: undefined,
    async: false,
    callback: undefined,
  };
  const signature = { params: [{ name: "x", type }], result: given.result, async: false };
  const plan: Plan = {
    modules: [],
    imports: [{ kind: "func", interfaceName: "test:traps/traps", name: "f", type: signature }],
    resources: [{ kind: "import", import: 0 }],
    componentInstances: [{ parent: undefined }],
    coreInstances: [],
    trampolines: [
      {
        kind: "lower",
        function: { kind: "import", import: 0, type: signature },
        options,
        instance: 0,
      },
    ],
    exports: new Map(),
  };
  const received: unknown[] = [];
  const call = (_context: unknown, value: unknown): unknown => {
    received.push(value);
    return given.returns;
  };
  const abi = compileAbi(plan, [{ call, suspends: false }]);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const guestMemory = new GuestMemory();
  guestMemory.bind(memory);
  const root = new SyncRoot();
  const state = new ComponentState(root);
  const bound = abi.bind({
    memories: [guestMemory],
    functions: [given.realloc ?? ((): number => 1024)],
    suspendable: [],
    states: [state],
    root,
    resources: new ResourceOperations([{ definer: undefined, destroy: () => undefined }]),
    host: { context: undefined },
  });
  const [trampoline] = bound.trampolines;
  if (trampoline === undefined) throw new Error("no trampoline");
  return { call: trampoline, memory, root, state, received };
}

const u8: ValueType = { kind: "u8" };
const u32: ValueType = { kind: "u32" };
const string: ValueType = { kind: "string" };
const listOf = (element: ValueType): ValueType => ({ kind: "list", element, length: undefined });

function write(memory: WebAssembly.Memory, at: number, bytes: readonly number[]): void {
  new Uint8Array(memory.buffer).set(bytes, at);
}

describe("lifting what a guest must not pass", () => {
  test.each<{
    name: string;
    type: ValueType;
    encoding?: CanonicalOptions["stringEncoding"];
    bytes?: readonly number[];
    args: readonly unknown[];
    says: RegExp;
  }>([
    { name: "char: surrogate", type: { kind: "char" }, args: [0xd800], says: /scalar value/ },
    { name: "char: too large", type: { kind: "char" }, args: [0x110000], says: /scalar value/ },
    { name: "char: negative", type: { kind: "char" }, args: [-1], says: /scalar value/ },
    { name: "enum: no such case", type: { kind: "enum", names: ["a"] }, args: [1], says: /discri/ },
    {
      name: "option: no such case",
      type: { kind: "option", some: u8 },
      args: [2, 0],
      says: /discri/,
    },
    {
      name: "result: negative case",
      type: { kind: "result", ok: u8, err: u8 },
      args: [-1, 0],
      says: /discriminant 4294967295/,
    },
    { name: "string: beyond memory", type: string, args: [pageBytes, 1], says: /outside/ },
    { name: "string: length wraps", type: string, args: [8, -1], says: /outside/ },
    { name: "string: pointer negative", type: string, args: [-8, 4], says: /outside/ },
    { name: "string: bad UTF-8", type: string, bytes: [0xc3, 0x28], args: [16, 2], says: /UTF-8/ },
    {
      name: "string: encoded surrogate",
      type: string,
      bytes: [0xed, 0xa0, 0x80],
      args: [16, 3],
      says: /UTF-8/,
    },
    {
      name: "string: lone UTF-16 surrogate",
      type: string,
      encoding: "utf16",
      bytes: [0x00, 0xd8],
      args: [16, 1],
      says: /UTF-16/,
    },
    {
      name: "string: UTF-16 misaligned",
      type: string,
      encoding: "utf16",
      args: [17, 1],
      says: /aligned/,
    },
    {
      name: "string: latin1 misaligned",
      type: string,
      encoding: "latin1+utf16",
      args: [17, 1],
      says: /aligned/,
    },
    { name: "list<u8>: beyond memory", type: listOf(u8), args: [1, pageBytes], says: /outside/ },
    { name: "list<u32>: misaligned", type: listOf(u32), args: [2, 1], says: /aligned/ },
    {
      name: "list<u32>: size overflows",
      type: listOf(u32),
      args: [4, 0x4000_0001],
      says: /outside/,
    },
    { name: "own: unknown handle", type: { kind: "own", resource: 0 }, args: [1], says: /unknown/ },
    { name: "borrow: handle 0", type: { kind: "borrow", resource: 0 }, args: [0], says: /unknown/ },
  ])("$name", ({ type, encoding, bytes, args, says }) => {
    const given = guest(type, encoding === undefined ? {} : { encoding });
    write(given.memory, 16, bytes ?? []);
    expect(() => given.call(...args)).toThrow(says);
    expect(given.received).toEqual([]);
    expect(given.root.failure).toMatchObject({ code: "trap" });
  });
});

describe("lists whose items all lie at the same place", () => {
  /** Memory full of pairs of pointer 0 and this length: also the characters that they point to. */
  function withPairs(type: ValueType, length: number): Guest {
    const given = guest(type);
    const words = new Uint32Array(given.memory.buffer);
    for (let index = 1; index < words.length; index += 2) words[index] = length;
    return given;
  }

  test.each<{ name: string; type: ValueType; length: number }>([
    { name: "strings", type: listOf(string), length: 0x7f00 },
    { name: "bytes", type: listOf(listOf(u8)), length: 0x7f00 },
    { name: "numbers", type: listOf(listOf({ kind: "u32" })), length: 0x0f00 },
    { name: "lists", type: listOf(listOf(listOf(u8))), length: 0x0f00 },
    { name: "tuples", type: listOf({ kind: "tuple", items: [string] }), length: 0x7f00 },
  ])("$name are refused before they fill the host's memory", ({ type, length }) => {
    const given = withPairs(type, length);
    expect(() => given.call(0, 5000)).toThrow(/more than 134217728 bytes/);
    expect(given.received).toEqual([]);
    expect(given.root.failure).toMatchObject({ code: "limit" });
  });

  test("one call does not count for the next", () => {
    const given = withPairs(listOf(string), 0x7f00);
    for (let call = 0; call < 5; call++) given.call(0, 1000);
    expect(given.received).toHaveLength(5);
  });
});

describe("lowering into a guest that misbehaves", () => {
  test.each<{ name: string; realloc: CoreFunction; says: RegExp }>([
    { name: "realloc returns nonsense", realloc: () => -1, says: /outside/ },
    { name: "realloc returns the end", realloc: () => pageBytes - 2, says: /outside/ },
    {
      name: "realloc throws",
      realloc: () => {
        throw new Error("guest allocator failed");
      },
      says: /guest allocator failed/,
    },
  ])("$name", ({ realloc, says }) => {
    const given = guest(u8, { result: string, returns: "hello", realloc });
    expect(() => given.call(0, 64)).toThrow(says);
    expect(given.root.failure).toBeDefined();
  });

  test.each([
    { name: "result pointer misaligned", out: 65, says: /aligned/ },
    { name: "result pointer outside", out: pageBytes - 4, says: /outside/ },
  ])("$name", ({ out, says }) => {
    const given = guest(u8, { result: string, returns: "hello" });
    expect(() => given.call(0, out)).toThrow(says);
  });

  test("a call out of realloc traps", () => {
    const given = guest(u8);
    given.state.mayLeave = false;
    expect(() => given.call(0)).toThrow(/cannot leave/);
  });

  test("a guest that caught a trap cannot call again", () => {
    const given = guest({ kind: "char" });
    expect(() => given.call(0xd800)).toThrow(/scalar/);
    expect(() => given.call(65)).toThrow(/scalar/);
    expect(given.received).toEqual([]);
  });

  test("a result and bytes around it: only the result is written", () => {
    const given = guest(u8, { result: listOf({ kind: "u16" }), returns: [1, 258] });
    new Uint8Array(given.memory.buffer).fill(0xee);
    given.call(0, 64);
    const bytes = new Uint8Array(given.memory.buffer);
    expect([...bytes.slice(63, 73)]).toEqual([0xee, 0, 4, 0, 0, 2, 0, 0, 0, 0xee]);
    expect([...bytes.slice(1023, 1029)]).toEqual([0xee, 1, 0, 2, 1, 0xee]);
  });
});

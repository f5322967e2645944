import { readCoreValueType } from "./core-types.ts";
import { readResultList } from "./decode-types.ts";
import { hex, type Reader } from "./reader.ts";
import type { BuiltinSyntax, CanonSyntax, OptionsSyntax } from "./syntax.ts";

/** What follows the opcode of a built-in, in order. */
type Immediate =
  | "flag"
  | "number"
  | "type"
  | "options"
  | "results"
  | "value"
  | "core-type"
  | "memory"
  | "table";

interface BuiltinForm {
  readonly name: string;
  readonly immediates: readonly Immediate[];
}

function form(name: string, ...immediates: readonly Immediate[]): BuiltinForm {
  return { name, immediates };
}

/** Binary.md, "Canonical Definitions". */
const builtins: Readonly<Record<number, BuiltinForm>> = {
  0x05: form("task.cancel"),
  0x06: form("subtask.cancel", "flag"),
  // Replaced by backpressure.inc and backpressure.dec; toolchains of 2025 still use it.
  0x08: form("backpressure.set"),
  0x09: form("task.return", "results", "options"),
  0x0a: form("context.get", "value", "number"),
  0x0b: form("context.set", "value", "number"),
  0x0c: form("thread.yield", "flag"),
  0x0d: form("subtask.drop"),
  0x0e: form("stream.new", "type"),
  0x0f: form("stream.read", "type", "options"),
  0x10: form("stream.write", "type", "options"),
  0x11: form("stream.cancel-read", "type", "flag"),
  0x12: form("stream.cancel-write", "type", "flag"),
  0x13: form("stream.drop-readable", "type"),
  0x14: form("stream.drop-writable", "type"),
  0x15: form("future.new", "type"),
  0x16: form("future.read", "type", "options"),
  0x17: form("future.write", "type", "options"),
  0x18: form("future.cancel-read", "type", "flag"),
  0x19: form("future.cancel-write", "type", "flag"),
  0x1a: form("future.drop-readable", "type"),
  0x1b: form("future.drop-writable", "type"),
  0x1c: form("error-context.new", "options"),
  0x1d: form("error-context.debug-message", "options"),
  0x1e: form("error-context.drop"),
  0x1f: form("waitable-set.new"),
  0x20: form("waitable-set.wait", "flag", "memory"),
  0x21: form("waitable-set.poll", "flag", "memory"),
  0x22: form("waitable-set.drop"),
  0x23: form("waitable.join"),
  0x24: form("backpressure.inc"),
  0x25: form("backpressure.dec"),
  0x26: form("thread.index"),
  0x27: form("thread.new-indirect", "core-type", "table"),
  0x28: form("thread.resume-later"),
  0x29: form("thread.suspend", "flag"),
  0x2a: form("thread.suspend-then-resume", "flag"),
  0x2b: form("thread.yield-then-resume", "flag"),
  0x2c: form("thread.suspend-then-promote", "flag"),
  0x2d: form("thread.yield-then-promote", "flag"),
  0x40: form("thread.spawn-ref", "flag", "core-type"),
  0x41: form("thread.spawn-indirect", "flag", "core-type", "table"),
  0x42: form("thread.available-parallelism", "flag"),
};

/** `canon`. */
export function readCanon(reader: Reader): CanonSyntax {
  const start = reader.offset;
  const code = reader.byte();
  switch (code) {
    case 0x00:
      reader.expect(0x00, "sort of canon lift");
      return {
        kind: "lift",
        core: reader.u32(),
        options: readOptions(reader),
        type: reader.u32(),
      };
    case 0x01:
      reader.expect(0x00, "sort of canon lower");
      return { kind: "lower", func: reader.u32(), options: readOptions(reader) };
    case 0x02:
      return { kind: "resource.new", resource: reader.u32() };
    case 0x03:
      return { kind: "resource.drop", resource: reader.u32() };
    case 0x04:
      return { kind: "resource.rep", resource: reader.u32() };
    default: {
      const builtin = builtins[code];
      if (builtin === undefined) return reader.fail(`${hex(code)} is not a built-in`, start);
      return readBuiltin(reader, builtin);
    }
  }
}

type Draft = { -readonly [Key in keyof BuiltinSyntax]: BuiltinSyntax[Key] };

function readBuiltin(reader: Reader, { name, immediates }: BuiltinForm): BuiltinSyntax {
  const numbers: number[] = [];
  const draft: Draft = {
    kind: "builtin",
    name,
    immediates: numbers,
    options: undefined,
    type: undefined,
    result: undefined,
    value: undefined,
    coreType: undefined,
    memory: undefined,
    table: undefined,
  };
  for (const immediate of immediates) readImmediate(reader, immediate, draft, numbers);
  return draft;
}

function readImmediate(
  reader: Reader,
  immediate: Immediate,
  draft: Draft,
  numbers: number[],
): void {
  switch (immediate) {
    case "flag":
      numbers.push(reader.flag(`immediate of ${draft.name}`) ? 1 : 0);
      return;
    case "number":
      numbers.push(reader.u32());
      return;
    case "type":
      draft.type = reader.u32();
      return;
    case "options":
      draft.options = readOptions(reader);
      return;
    case "results":
      draft.result = readResultList(reader);
      return;
    case "value":
      draft.value = readCoreValueType(reader);
      return;
    case "core-type":
      draft.coreType = reader.u32();
      return;
    case "memory":
      draft.memory = reader.u32();
      return;
    case "table":
      draft.table = reader.u32();
  }
}

type OptionsDraft = { -readonly [Key in keyof OptionsSyntax]: OptionsSyntax[Key] };

const stringEncodings = ["utf8", "utf16", "latin1+utf16"] as const;

/** `opts`: each at most once, and only one string encoding. */
function readOptions(reader: Reader): OptionsSyntax {
  const options: OptionsDraft = {
    stringEncoding: "utf8",
    memory: undefined,
    realloc: undefined,
    postReturn: undefined,
    async: false,
    callback: undefined,
  };
  const seen = new Set<number>();
  const count = reader.count("canonical options");
  for (let index = 0; index < count; index++) {
    const start = reader.offset;
    const code = reader.byte();
    const slot = code <= 0x02 ? 0 : code;
    if (seen.has(slot)) reader.invalid("a canonical option is given twice", start);
    seen.add(slot);
    readOption(reader, code, options);
  }
  return options;
}

function readOption(reader: Reader, code: number, options: OptionsDraft): void {
  const encoding = stringEncodings[code];
  if (encoding !== undefined) {
    options.stringEncoding = encoding;
    return;
  }
  switch (code) {
    case 0x03:
      options.memory = reader.u32();
      return;
    case 0x04:
      options.realloc = reader.u32();
      return;
    case 0x05:
      options.postReturn = reader.u32();
      return;
    case 0x06:
      options.async = true;
      return;
    case 0x07:
      options.callback = reader.u32();
      return;
    default:
      reader.fail(`${hex(code)} is not a canonical option`);
  }
}

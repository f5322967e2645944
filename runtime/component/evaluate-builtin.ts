import { WhorlError } from "../error.ts";
import { taskReturnSignature } from "./core-signature.ts";
import { coreFuncTypeAt } from "./evaluate-core.ts";
import { evaluateOptions, memoryAt, noOptions } from "./evaluate-options.ts";
import { valueTypeAt } from "./evaluate-types.ts";
import type { LinkContext } from "./link-context.ts";
import type { CanonicalOptions, CoreItem, Trampoline } from "./plan.ts";
import type { Scope } from "./scope.ts";
import type { BuiltinSyntax } from "./syntax.ts";
import type { ValueEntity } from "./entities.ts";
import type { CoreFuncType } from "./types.ts";

function signature(params: number, results: 0 | 1): CoreFuncType {
  return {
    params: Array.from({ length: params }, () => "i32" as const),
    results: results === 0 ? [] : ["i32"],
  };
}

/** Core types of the built-ins (CanonicalABI.md, "Canonical Definitions"), all over i32. */
const signatures: Readonly<Record<string, CoreFuncType>> = {
  "task.cancel": signature(0, 0),
  "subtask.cancel": signature(1, 1),
  "subtask.drop": signature(1, 0),
  "context.get": signature(0, 1),
  "context.set": signature(1, 0),
  "backpressure.set": signature(1, 0),
  "backpressure.inc": signature(0, 0),
  "backpressure.dec": signature(0, 0),
  "stream.new": { params: [], results: ["i64"] },
  "stream.read": signature(3, 1),
  "stream.write": signature(3, 1),
  "stream.cancel-read": signature(1, 1),
  "stream.cancel-write": signature(1, 1),
  "stream.drop-readable": signature(1, 0),
  "stream.drop-writable": signature(1, 0),
  "future.new": { params: [], results: ["i64"] },
  "future.read": signature(2, 1),
  "future.write": signature(2, 1),
  "future.cancel-read": signature(1, 1),
  "future.cancel-write": signature(1, 1),
  "future.drop-readable": signature(1, 0),
  "future.drop-writable": signature(1, 0),
  "error-context.new": signature(2, 1),
  "error-context.debug-message": signature(2, 0),
  "error-context.drop": signature(1, 0),
  "waitable-set.new": signature(0, 1),
  "waitable-set.wait": signature(2, 1),
  "waitable-set.poll": signature(2, 1),
  "waitable-set.drop": signature(1, 0),
  "waitable.join": signature(2, 0),
  "thread.index": signature(0, 1),
  "thread.new-indirect": signature(2, 1),
  "thread.resume-later": signature(1, 0),
  "thread.suspend": signature(0, 1),
  "thread.yield": signature(0, 1),
  "thread.suspend-then-resume": signature(1, 1),
  "thread.yield-then-resume": signature(1, 1),
  "thread.suspend-then-promote": signature(1, 1),
  "thread.yield-then-promote": signature(1, 1),
};

/** Slots of `context.get` and `context.set`. */
const contextSlots = 2;

export interface BuiltinEntity {
  readonly trampoline: Trampoline;
  readonly type: CoreFuncType;
}

/** Evaluates a built-in. Throws `invalid`, or `unsupported` for those that start threads. */
export function evaluateBuiltin(
  context: LinkContext,
  scope: Scope,
  syntax: BuiltinSyntax,
): BuiltinEntity {
  const { name, immediates } = syntax;
  const type = carriedType(context, scope, syntax);
  checkContextSlot(context, syntax);
  const options = builtinOptions(context, scope, syntax);
  checkRequired(context, name, type, options);
  const coreType =
    syntax.coreType === undefined ? undefined : coreFuncTypeAt(context, scope, syntax.coreType);
  const core = name === "task.return" ? taskReturnSignature(type) : signatures[name];
  if (core === undefined) return unsupported(name);
  if (coreType !== undefined) checkThreadStart(context, coreType);
  const { instance } = scope;
  return {
    type: core,
    trampoline: {
      kind: "builtin",
      name,
      type: type?.type,
      immediates,
      coreType,
      table: tableAt(context, scope, syntax.table),
      signature: core,
      options,
      instance,
    },
  };
}

function checkThreadStart(context: LinkContext, type: CoreFuncType): void {
  if (type.results.length === 0 && type.params.join() === "i32") return;
  context.fail("a thread starts with a function of type (func (param i32))");
}

function tableAt(
  context: LinkContext,
  scope: Scope,
  index: number | undefined,
): CoreItem | undefined {
  if (index === undefined) return undefined;
  const { item, type } = scope.coreTables.at(index);
  if (type.kind !== "table") return context.fail(`core table ${index} is a ${type.kind}`);
  return item;
}

function unsupported(name: string): never {
  throw new WhorlError(
    "unsupported",
    `the component uses ${name}: starting threads is not supported`,
  );
}

function builtinOptions(
  context: LinkContext,
  scope: Scope,
  { options, memory }: BuiltinSyntax,
): CanonicalOptions {
  if (options !== undefined) return evaluateOptions(context, scope, options, "builtin");
  if (memory === undefined) return noOptions;
  return { ...noOptions, memory: memoryAt(context, scope, memory) };
}

/** Results of task.return, or what the stream or future carries. */
function carriedType(
  context: LinkContext,
  scope: Scope,
  { name, type: index, result }: BuiltinSyntax,
): ValueEntity | undefined {
  if (result !== undefined) return valueTypeAt(context, scope, result);
  if (index === undefined) return undefined;
  const kind = name.startsWith("stream.") ? "stream" : "future";
  const type = scope.types.at(index);
  if (type.kind === "value" && type.type.kind === kind) return type.element;
  return context.fail(`type ${index} of ${name} is not a ${kind} type`);
}

function checkContextSlot(context: LinkContext, { name, value, immediates }: BuiltinSyntax): void {
  if (value === undefined) return;
  if (value !== "i32") context.fail(`${name} of type ${value} instead of i32`);
  const slot = immediates[0] ?? 0;
  if (slot >= contextSlots) context.fail(`${name} of slot ${slot}: there are ${contextSlots}`);
}

function checkRequired(
  context: LinkContext,
  name: string,
  type: ValueEntity | undefined,
  options: CanonicalOptions,
): void {
  const lowers = name === "stream.read" || name === "future.read";
  const copies = lowers || name === "stream.write" || name === "future.write";
  const lifts = name === "task.return" && (type?.pointers === true || type?.flat === undefined);
  const message = name === "error-context.new" || name === "error-context.debug-message";
  const needsMemory = (type !== undefined && (copies || lifts)) || message;
  if (needsMemory && options.memory === undefined) context.fail(`${name} without a memory`);
  const needsRealloc =
    (lowers && type?.pointers === true) || name === "error-context.debug-message";
  if (needsRealloc && options.realloc === undefined) context.fail(`${name} without realloc`);
  if (name === "task.return" && (options.realloc !== undefined || options.async)) {
    context.fail("task.return takes only memory and string encoding as options");
  }
}

import type { Trampoline } from "../component/plan.ts";
import type { CoreFuncType } from "../component/types.ts";
import { memoryKey, resultKey, type RunnerSignatures } from "./compile-async.ts";
import { type Conversions, parameterNames } from "./conversions.ts";
import type { CopyTarget } from "./copy-builtins.ts";
import { elementKind } from "./element-kind.ts";
import { emitLoadElements, stringLoaders } from "./emit-load.ts";
import { emitStoreElements, stringStorers } from "./emit-store.ts";
import { type Emitter, quote } from "./emitter.ts";
import { layoutOf } from "./layout.ts";

type Builtin = Extract<Trampoline, { kind: "builtin" }>;

/** Calls that need nothing but the immediates; `K` stands for the first one as a boolean. */
const simple: Readonly<Record<string, string>> = {
  "task.cancel": "Q.cancelTask(i)",
  "backpressure.set": "i.setBackpressure(p0 !== 0)",
  "backpressure.inc": "i.addBackpressure()",
  "backpressure.dec": "i.removeBackpressure()",
  "subtask.cancel": "Q.cancelSubtask(i, K, p0 >>> 0)",
  "subtask.drop": "Q.dropSubtask(i, p0 >>> 0)",
  "waitable-set.new": "Q.newSet(i)",
  "waitable-set.wait": "Q.waitSet(i, { isCancellable: K, memory: m }, p0 >>> 0, p1 >>> 0)",
  "waitable-set.poll": "Q.pollSet(i, { isCancellable: K, memory: m }, p0 >>> 0, p1 >>> 0)",
  "waitable-set.drop": "Q.dropSet(i, p0 >>> 0)",
  "waitable.join": "Q.join(i, p0 >>> 0, p1 >>> 0)",
  "error-context.drop": "Q.dropErrorContext(i, p0 >>> 0)",
  "thread.index": "Q.threadIndex(i)",
  "thread.resume-later": "Q.resumeLater(i, p0 >>> 0)",
  "thread.suspend": "Q.suspend(i, K)",
  "thread.yield": "Q.yield(i, K)",
  "thread.suspend-then-resume": "Q.thenResume(i, { isCancellable: K, yields: false }, p0 >>> 0)",
  "thread.yield-then-resume": "Q.thenResume(i, { isCancellable: K, yields: true }, p0 >>> 0)",
  "thread.suspend-then-promote": "Q.thenPromote(i, { isCancellable: K, yields: false }, p0 >>> 0)",
  "thread.yield-then-promote": "Q.thenPromote(i, { isCancellable: K, yields: true }, p0 >>> 0)",
};

/** Built-ins that a guest may call also while it may not leave. */
const anywhere: ReadonlySet<string> = new Set([
  "context.get",
  "context.set",
  "backpressure.set",
  "backpressure.inc",
  "backpressure.dec",
]);

/** Emits a built-in of asynchronous components. What it returns may be a Promise. */
export function emitBuiltin(
  conversions: Conversions,
  builtin: Builtin,
  index: number,
  signatures: RunnerSignatures,
): string {
  const emitter = conversions.emitter();
  const { setUp, body } = builtinCode(conversions, builtin, emitter, signatures);
  const names = parameterNames(builtin.type === undefined ? 3 : 16).join(", ");
  return [
    ...conversions.prologue(builtin.instance, builtin.options),
    ...setUp,
    `T[${index}] = (${names}) => { try {`,
    ...(anywhere.has(builtin.name) ? [] : ["i.checkMayLeave();"]),
    ...body,
    "} catch (e) { throw i.fail(e); } }; }",
  ].join("\n");
}

interface BuiltinCode {
  readonly setUp: readonly string[];
  readonly body: readonly string[];
}

function builtinCode(
  conversions: Conversions,
  builtin: Builtin,
  emitter: Emitter,
  signatures: RunnerSignatures,
): BuiltinCode {
  const { name, immediates, options } = builtin;
  const call = simple[name];
  if (call !== undefined) {
    const flag = immediates[0] === 1 ? "true" : "false";
    return expression(call.replaceAll("K", flag));
  }
  const slot = immediates[0] ?? 0;
  switch (name) {
    case "context.get":
      return expression(`Q.getContext(i, ${slot})`);
    case "context.set":
      return expression(`Q.setContext(i, ${slot}, p0)`);
    case "task.return":
      return taskReturn(conversions, builtin, emitter);
    case "thread.new-indirect":
      return newThread(conversions, builtin, signatures);
    case "error-context.new": {
      const text = `m.${stringLoaders[options.stringEncoding]}(p0 >>> 0, p1 >>> 0)`;
      return expression(`Q.newErrorContext(i, ${text})`);
    }
    case "error-context.debug-message":
      return debugMessage(builtin);
    default:
      return copyBuiltin(conversions, builtin, emitter);
  }
}

function expression(text: string): BuiltinCode {
  return { setUp: [], body: [`return ${text};`] };
}

function taskReturn(conversions: Conversions, builtin: Builtin, emitter: Emitter): BuiltinCode {
  const { type, options } = builtin;
  const value = type === undefined ? "undefined" : conversions.liftReturned(emitter, type, options);
  const view = options.memory === undefined ? [] : ["let v = m.view();"];
  const keys = `${quote(resultKey(type, options))}, ${quote(memoryKey(options))}`;
  const body = [`const s = Q.returningTask(i, ${keys});`, ...view, ...emitter.lines];
  return { setUp: [], body: [...body, `s.return(${value});`] };
}

const startType: CoreFuncType = { params: ["i32"], results: [] };

function newThread(
  { slots }: Conversions,
  { table, coreType }: Builtin,
  signatures: RunnerSignatures,
): BuiltinCode {
  const tableSlot = table === undefined ? 0 : slots.table(table);
  const runner = signatures.index(coreType ?? startType);
  return expression(
    `Q.newThread(i, X.tables[${tableSlot}].get(p0 >>> 0), ` +
      `{ argument: p1, runner: X.stacks.runners[${runner}] })`,
  );
}

function debugMessage({ options }: Builtin): BuiltinCode {
  const store = `m.${stringStorers[options.stringEncoding]}`;
  return {
    setUp: [],
    body: [
      `const c = ${store}(Q.getErrorContext(i, p0 >>> 0).debugMessage, r);`,
      "m.check(p1 >>> 0, 8, 4);",
      "m.view().setUint32(p1 >>> 0, c[0], true);",
      "m.view().setUint32((p1 >>> 0) + 4, c[1], true);",
    ],
  };
}

/** Built-ins of streams and futures: `stream.read`, `future.drop-writable`, ... */
function copyBuiltin(conversions: Conversions, builtin: Builtin, emitter: Emitter): BuiltinCode {
  const { name, type, immediates, options } = builtin;
  const [sort = "", verb = ""] = name.split(".");
  const sortName = sort === "stream" ? "Stream" : "Future";
  const kind = elementKind(type);
  if (verb === "new") return expression(`Q.new${sortName}(i, ${emitter.constant(kind)})`);
  const target: CopyTarget = {
    kind,
    side: verb.includes("read") ? "readable" : "writable",
    isAsync: verb === "read" || verb === "write" ? options.async : immediates[0] === 1,
  };
  const fixed = emitter.constant(target);
  if (verb.startsWith("cancel-")) {
    return expression(`Q.cancel${sortName}(i, ${fixed}, p0 >>> 0)`);
  }
  if (verb.startsWith("drop-")) return expression(`Q.drop${sortName}(i, ${fixed}, p0 >>> 0)`);
  const given = `{ handle: p0 >>> 0, pointer: p1 >>> 0, count: p2 >>> 0 }`;
  return {
    setUp: codec(conversions, builtin, sort === "stream" && kind.isBytes),
    body: [`return Q.copy${sortName}(i, ${fixed}, c, ${given});`],
  };
}

/** `c`: how items are moved between the guest's memory and whoever is at the other end. */
function codec(conversions: Conversions, builtin: Builtin, isBytes: boolean): string[] {
  const { type, options, name } = builtin;
  if (type === undefined) return ["const c = Q.unitCodec;"];
  const { size, align } = layoutOf(type);
  const head = `const c = { size: ${size}, align: ${align}, isBytes: ${isBytes}, memory: m,`;
  if (isBytes) {
    const load = "load: (p, n) => m.bytes().subarray(p, p + n)";
    return [head, `${load}, store: (x, p) => { m.bytes().set(x, p); } };`];
  }
  const emitter = conversions.emitter();
  const env = { emitter, encoding: options.stringEncoding };
  if (name.endsWith(".write")) {
    const list = emitLoadElements(env, type, "p", { count: "n", size });
    const load = ["load: (p, n) => { let v = m.view();", ...emitter.lines, `return ${list}; },`];
    return [head, ...load, "store: () => undefined };"];
  }
  emitStoreElements(env, type, "x", { base: "p", offset: 0 });
  const store = ["store: (x, p) => { let v = m.view();", ...emitter.lines, "} };"];
  return [head, "load: () => [],", ...store];
}

import type { CanonicalOptions, CoreItem, LiftedFunction, Trampoline } from "../component/plan.ts";
import type { CoreFuncType } from "../component/types.ts";
import type { LiftFacts } from "./bound-lift.ts";
import { type Conversions, parameterNames } from "./conversions.ts";
import { typeKey } from "./element-kind.ts";
import { flattenFunction } from "./layout.ts";
import { coreItemKey } from "./slots.ts";

type Lowered = Extract<Trampoline, { kind: "lower" }>;

const callbackType: CoreFuncType = { params: ["i32", "i32", "i32"], results: ["i32"] };

/** Numbers the signatures of core functions that are called on stacks of their own. */
export class RunnerSignatures {
  readonly list: CoreFuncType[] = [];
  readonly #indices = new Map<string, number>();

  index(type: CoreFuncType): number {
    const key = `${type.params.join()}:${type.results.join()}`;
    const known = this.#indices.get(key);
    if (known !== undefined) return known;
    this.#indices.set(key, this.list.length);
    return this.list.push(type) - 1;
  }
}

/** How an asynchronous component is compiled. */
export interface AsyncForm {
  readonly signatures: RunnerSignatures;
  /** By trampoline index: may have to wait on the guest's stack. */
  readonly blocking: readonly boolean[];
}

/** A built-in that is lifted as it is has no stack, unless it is wrapped. */
function hasRunner(core: CoreItem, blocking: readonly boolean[]): boolean {
  return core.kind === "export" || blocking[core.trampoline] === true;
}

function liftForm({ async, callback }: CanonicalOptions): "sync" | "async" | "callback" {
  if (!async) return "sync";
  return callback === undefined ? "async" : "callback";
}

/** task.return has to name the result and encoding of the task that it ends, and its memory. */
export function resultKey(
  result: LiftedFunction["type"]["result"],
  { stringEncoding }: CanonicalOptions,
): string {
  return `${typeKey(result)} ${stringEncoding}`;
}

/** Empty where there is none: task.return may leave it out when it needs none. */
export function memoryKey({ memory }: CanonicalOptions): string {
  return memory === undefined ? "" : coreItemKey(memory);
}

/** Emits a lifted function as a BoundLift: tasks call it. */
export function emitAsyncLift(
  conversions: Conversions,
  lifted: LiftedFunction,
  index: number,
  { signatures, blocking }: AsyncForm,
): string {
  const { type, options } = lifted;
  const { slots } = conversions;
  const flat = flattenFunction(type, "lift", liftForm(options));
  const emitter = conversions.emitter();
  const args = conversions.lowerParams(emitter, type, flat, options);
  const facts: LiftFacts = {
    isAsyncType: type.async,
    isAsyncLift: options.async,
    resultKey: resultKey(type.result, options),
    memoryKey: memoryKey(options),
    core: slots.function(lifted.core),
    callback: options.callback === undefined ? undefined : slots.function(options.callback),
    runner: hasRunner(lifted.core, blocking) ? signatures.index(flat) : -1,
    callbackRunner: signatures.index(callbackType),
  };
  const names = parameterNames(type.params.length, "a");
  return [
    ...conversions.prologue(lifted.instance, options),
    `L[${index}] = Q.lifted(i, ${emitter.constant(facts)}, X, {`,
    `lower: (s, [${names.join(", ")}]) => {`,
    ...viewLine(options),
    ...emitter.lines,
    `return [${args.join(", ")}]; },`,
    ...liftLines(conversions, lifted),
    `postReturn: ${postReturn(conversions, lifted, flat.results.length > 0)} }); }`,
  ].join("\n");
}

function viewLine({ memory }: CanonicalOptions): string[] {
  return memory === undefined ? [] : ["let v = m.view();"];
}

function liftLines(conversions: Conversions, { type, options }: LiftedFunction): string[] {
  if (options.async || type.result === undefined) return ["lift: () => undefined,"];
  const emitter = conversions.emitter();
  const flat = flattenFunction(type, "lift");
  const value = conversions.liftResult(emitter, type.result, flat, options);
  return ["lift: (x) => {", ...viewLine(options), ...emitter.lines, `return ${value}; },`];
}

function postReturn(
  { slots }: Conversions,
  { options }: LiftedFunction,
  hasResult: boolean,
): string {
  if (options.postReturn === undefined) return "undefined";
  const core = slots.function(options.postReturn);
  return `(x) => Q.postReturn(i, F[${core}]${hasResult ? ", x" : ""})`;
}

/** Between a component instance and one inside it there are no calls, for now (as in wasmtime). */
export const recursion = 'i.trap("cannot enter component instance: it is around the caller");';

/**
 * Emits a lowered function that needs a task or a subtask: of a guest, or async and of the host.
 * What it returns may be a Promise.
 */
export function emitAsyncLower(
  conversions: Conversions,
  trampoline: Lowered,
  index: number,
  isRecursive: boolean,
): string {
  const { options, function: callee } = trampoline;
  const { type } = callee;
  const flat = flattenFunction(type, "lower", options.async ? "async" : "sync");
  const names = parameterNames(flat.params.length);
  const emitter = conversions.emitter();
  const values = conversions.liftParams(emitter, type, flat, options);
  const target =
    callee.kind === "import"
      ? `Q.toHost(call, W, H[${callee.import}])`
      : `Q.toGuest(call, L[${conversions.slots.lift(callee)}])`;
  return [
    ...conversions.prologue(trampoline.instance, options),
    `T[${index}] = (${names.join(", ")}) => { try {`,
    "i.checkMayLeave();",
    ...(isRecursive ? [recursion] : []),
    `const call = { instance: i, isAsync: ${options.async}, lift: (u) => {`,
    ...viewLine(options),
    ...emitter.lines,
    `return [${values.join(", ")}]; },`,
    "lower: (x) => {",
    ...(flat.resultSpilled ? [`let out = ${names.at(-1) ?? "0"};`] : []),
    ...viewLine(options),
    ...conversions.lowerResult(type, flat, options),
    "} };",
    `return ${target};`,
    "} catch (e) { throw i.fail(e); } }; }",
  ].join("\n");
}

/** Makes a trampoline suspend the stack when it returns a Promise (stack-module.ts). */
export function emitWrapped(index: number, type: CoreFuncType): string {
  const names = parameterNames(type.params.length).join(", ");
  const zero = type.results[0] === "i64" ? "0n" : "0";
  return [
    `{ const f = T[${index}]; T[${index}] = (${names}) => { const x = f(${names});`,
    "if (!(x instanceof Promise)) return x;",
    `X.stacks.wait(x); return ${zero}; }; }`,
  ].join("\n");
}

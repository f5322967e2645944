import type { LiftedFunction, Trampoline } from "../component/plan.ts";
import type { FuncType, ValueType } from "../component/types.ts";
import { recursion } from "./compile-async.ts";
import { type Conversions, parameterNames } from "./conversions.ts";
import { type FlatFunction, flattenFunction } from "./layout.ts";

type Lowered = Extract<Trampoline, { kind: "lower" }>;

/** How a component without asynchronous functions is compiled. */
export interface SyncForm {
  /** Guest calls may be suspended: lifted functions return Promises. */
  readonly suspends: boolean;
  /** Several component instances: which of them are entered depends on the caller. */
  readonly isNested: boolean;
}

/**
 * Emits the functions of components in which nothing is asynchronous: straight calls without tasks.
 * `L[n]` is a lifted function for the host, `C[n]` the same with its caller as first argument.
 */
export function emitSyncLift(
  conversions: Conversions,
  lifted: LiftedFunction,
  index: number,
  form: SyncForm,
): string {
  const { type, options } = lifted;
  const flat = flattenFunction(type, "lift");
  const emitter = conversions.emitter();
  const args = conversions.lowerParams(emitter, type, flat, options);
  const core = conversions.slots.function(lifted.core);
  const names = parameterNames(type.params.length, "a");
  const view = options.memory === undefined ? [] : ["let v = m.view();"];
  const leave = form.isNested ? "i.leaveTo(c);" : "i.leave();";
  return [
    ...conversions.prologue(lifted.instance, options),
    "const finish = (x, s, c) => { try {",
    ...view,
    ...finishLines(conversions, lifted, flat, leave),
    "} catch (e) { throw i.fail(e); } };",
    form.isNested
      ? `const call = C[${index}] = (${["c", ...names].join(", ")}) => { i.enterFrom(c);`
      : `L[${index}] = (${names.join(", ")}) => { const c = undefined; i.enter();`,
    "let x; const s = { borrows: 0 }; try {",
    ...view,
    "i.mayLeave = false;",
    ...emitter.lines,
    "i.mayLeave = true;",
    `x = ${form.suspends ? "P" : "F"}[${core}](${args.join(", ")});`,
    "} catch (e) { throw i.fail(e); }",
    form.suspends
      ? "return x.then((x) => finish(x, s, c), (e) => { throw i.fail(e); }); };"
      : "return finish(x, s, c); };",
    form.isNested
      ? `L[${index}] = (${names.join(", ")}) => call(${["undefined", ...names].join(", ")});`
      : "",
    "}",
  ].join("\n");
}

/** Lines that lift the core result `x` of an export call, then run post-return. */
function finishLines(
  conversions: Conversions,
  { type, options }: LiftedFunction,
  flat: FlatFunction,
  leave: string,
): string[] {
  const emitter = conversions.emitter();
  let value = "undefined";
  if (type.result !== undefined) {
    value = emitter.hold(conversions.liftResult(emitter, type.result, flat, options));
  }
  if (options.postReturn !== undefined) {
    const postReturn = conversions.slots.function(options.postReturn);
    emitter.line("i.mayLeave = false;");
    emitter.line(`F[${postReturn}](${flat.results.length === 0 ? "" : "x"});`);
    emitter.line("i.mayLeave = true;");
  }
  emitter.line(
    'if (s.borrows !== 0) i.trap("borrow handles still remain at the end of the call");',
  );
  emitter.line(leave);
  emitter.line(`return ${value};`);
  return emitter.lines;
}

/** A call of a host function that does not wait, or that suspends the guest's stack meanwhile. */
export type HostWait = "never" | "jspi" | "stack";

export interface LowerForm {
  readonly wait: HostWait;
  readonly isNested: boolean;
  /** Caller and callee are in each other. */
  readonly isRecursive: boolean;
}

export function emitSyncLower(
  conversions: Conversions,
  trampoline: Lowered,
  index: number,
  { wait, isNested, isRecursive }: LowerForm,
): string {
  const { options, function: callee } = trampoline;
  const flat = flattenFunction(callee.type, "lower");
  const names = parameterNames(flat.params.length);
  const emitter = conversions.emitter();
  const view = options.memory === undefined ? [] : ["let v = m.view();"];
  const values = conversions.liftParams(emitter, callee.type, flat, options);
  const out = flat.resultSpilled ? (names.at(-1) ?? "") : "";
  return [
    ...conversions.prologue(trampoline.instance, options),
    ...emitFinish(conversions, callee.type, flat, trampoline),
    `T[${index}] = (${names.join(", ")}) => { let x; try {`,
    "i.checkMayLeave();",
    ...(isRecursive ? [recursion] : []),
    ...view,
    ...emitLending(callee.type, emitter.lines),
    `x = ${callExpression(conversions, trampoline, values, isNested)};`,
    "} catch (e) { throw i.fail(e); }",
    ...waitLines(wait, out),
    `return finish(x${out === "" ? "" : `, ${out}`}); }; }`,
  ].join("\n");
}

/**
 * What is lent may not be given away in the same call. Afterwards nothing can tell: the caller does
 * nothing until the call is over.
 */
function emitLending(type: FuncType, lines: readonly string[]): readonly string[] {
  const types = type.params.map((param) => param.type);
  if (!types.some((each) => each.kind === "borrow") || !holdsOwn(types)) return lines;
  return ["const u = $.lending();", ...lines, "u.end();"];
}

function holdsOwn(types: readonly ValueType[]): boolean {
  // Owned handles may be anywhere in compound types, which are few beside borrowed ones.
  return types.some((each) => each.kind === "own" || !isScalar(each));
}

function isScalar({ kind }: ValueType): boolean {
  return !["record", "tuple", "variant", "option", "result", "list"].includes(kind);
}

function callExpression(
  { slots }: Conversions,
  { function: callee }: Lowered,
  values: readonly string[],
  isNested: boolean,
): string {
  if (callee.kind === "import") {
    return `H[${callee.import}](${["W.context", ...values].join(", ")})`;
  }
  const index = slots.lift(callee);
  return isNested
    ? `C[${index}](${["i", ...values].join(", ")})`
    : `L[${index}](${values.join(", ")})`;
}

function waitLines(wait: HostWait, out: string): string[] {
  const finish = `(x) => finish(x${out === "" ? "" : `, ${out}`})`;
  switch (wait) {
    case "never":
      return [];
    case "jspi":
      return [`if (x instanceof Promise) return R.suspendOnHost(x, ${finish});`];
    case "stack":
      return [`if (x instanceof Promise) return Q.suspendOnHost(i, x, ${finish});`];
  }
}

function emitFinish(
  conversions: Conversions,
  type: FuncType,
  flat: FlatFunction,
  { options }: Lowered,
): string[] {
  return [
    `const finish = (x${flat.resultSpilled ? ", out" : ""}) => {`,
    "try {",
    ...(options.memory === undefined ? [] : ["let v = m.view();"]),
    ...conversions.lowerResult(type, flat, options),
    "} catch (e) { throw i.fail(e); } };",
  ];
}

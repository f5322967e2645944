import type { CoreFuncType } from "../component/types.ts";
import {
  code,
  codes,
  coreModule,
  functionExport,
  functionImport,
  funcType,
  name,
  s33,
  u32,
  valueTypeCodes,
} from "./core-encoding.ts";
import type { CoreFunction } from "./core-function.ts";
import { type StackCall, Thread } from "./thread.ts";

/**
 * A small core module around the guest's, for components that block on their stack. V8 suspends a
 * stack at every call of a `WebAssembly.Suspending` import, even when there is nothing to wait for,
 * and tells the result of a `WebAssembly.promising` export only in a microtask. So:
 *
 * - each import that may block is wrapped: it asks JavaScript first and suspends only when told to;
 * - each guest function is called through a runner that reports its result before it returns.
 *
 * ```
 * import "t" N: try          wrapper N: call try; if global then { global = 0; call wait }
 * import "s" N: wait (suspending)
 * import "d" K: done         runner K (token, function, arguments): done(token, call_ref function)
 * ```
 */
export interface StackModule {
  readonly module: WebAssembly.Module;
  /** By number of the runner: one for each signature. */
  readonly signatures: readonly CoreFuncType[];
  /** By number of the wrapper. */
  readonly wrapped: readonly CoreFuncType[];
}

/** The module's instance in one instance of the component. */
export class Stacks {
  /** By number of the wrapper: what the guest imports. */
  readonly wrappers: readonly CoreFunction[];
  /** By number of the runner. */
  readonly runners: readonly CoreFunction[];
  readonly #flag: { value: number };
  #wait: Promise<unknown> | undefined;

  constructor(source: StackModule, tries: (wrapper: number) => CoreFunction) {
    const wait = new WebAssembly.Suspending(() => {
      const promise = this.#wait;
      this.#wait = undefined;
      return promise;
    });
    const t: Record<string, unknown> = {};
    const s: Record<string, unknown> = {};
    for (const index of source.wrapped.keys()) {
      t[index] = tries(index);
      s[index] = wait;
    }
    const d: Record<string, unknown> = {};
    for (const index of source.signatures.keys()) d[index] = finishCall;
    const { exports } = new WebAssembly.Instance(source.module, { t, s, d });
    this.wrappers = source.wrapped.map((_, index) => exports[`w${index}`] as CoreFunction);
    this.runners = source.signatures.map((_, index) =>
      WebAssembly.promising(exports[`r${index}`] as CoreFunction),
    );
    this.#flag = exports["b"] as { value: number };
  }

  /** Called by a `try` that has to wait, before it returns whatever its type asks for. */
  wait(promise: Promise<unknown>): void {
    this.#wait = promise;
    this.#flag.value = 1;
  }
}

function finishCall(call: StackCall, value: unknown): void {
  Thread.finish(call, value);
}

/** Compiles the module: `wrapped` are the imports that may block, `signatures` what is called. */
export function makeStackModule(
  wrapped: readonly CoreFuncType[],
  signatures: readonly CoreFuncType[],
): StackModule {
  const module = new WebAssembly.Module(encode(wrapped, signatures));
  return { module, signatures, wrapped };
}

function encode(
  wrapped: readonly CoreFuncType[],
  signatures: readonly CoreFuncType[],
): Uint8Array<ArrayBuffer> {
  const types: number[][] = [];
  const add = (type: number[]): number => types.push(type) - 1;
  const tries = wrapped.map((type) => add(funcType(codes(type.params), codes(type.results))));
  const waits = wrapped.map((type) => add(funcType([], codes(type.results))));
  const callees = signatures.map((type) => add(funcType(codes(type.params), codes(type.results))));
  const externref = [valueTypeCodes.externref];
  const dones = signatures.map((type) => add(funcType([externref, ...codes(type.results)], [])));
  const runners = signatures.map((type, index) =>
    add(
      funcType([externref, [code.refNull, ...s33(callees[index] ?? 0)], ...codes(type.params)], []),
    ),
  );
  const imports = [
    ...tries.map((type, index) => functionImport("t", String(index), type)),
    ...waits.map((type, index) => functionImport("s", String(index), type)),
    ...dones.map((type, index) => functionImport("d", String(index), type)),
  ];
  const count = wrapped.length;
  const bodies = [
    ...wrapped.map((type, index) => wrapperBody(type, index, count + index)),
    ...signatures.map((type, index) => runnerBody(type, callees[index] ?? 0, 2 * count + index)),
  ];
  const exports = [
    ...wrapped.map((_, index) => functionExport(`w${index}`, imports.length + index)),
    ...signatures.map((_, index) => functionExport(`r${index}`, imports.length + count + index)),
    // The global.
    [...name("b"), 3, 0],
  ];
  // One mutable i32, 0 at first.
  const globals = [[valueTypeCodes.i32, 1, code.i32Const, 0, code.end]];
  const functions = [...tries, ...runners];
  return coreModule({ types, imports, functions, globals, exports, bodies });
}

/** The result of `try`, if any, stays on the operand stack while the flag is looked at. */
function wrapperBody(type: CoreFuncType, tried: number, waited: number): number[] {
  const args = type.params.flatMap((_, index) => [code.localGet, ...u32(index)]);
  return [
    0, // no locals
    ...args,
    ...[code.call, ...u32(tried)],
    ...[code.globalGet, 0, code.if, code.emptyBlock],
    ...[code.i32Const, 0, code.globalSet, 0, code.call, ...u32(waited), code.return],
    ...[code.end, code.end],
  ];
}

function runnerBody(type: CoreFuncType, callee: number, done: number): number[] {
  const args = type.params.flatMap((_, index) => [code.localGet, ...u32(index + 2)]);
  return [
    0,
    ...[code.localGet, 0],
    ...args,
    ...[code.localGet, 1, code.callRef, ...u32(callee)],
    ...[code.call, ...u32(done)],
    code.end,
  ];
}

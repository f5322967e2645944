import type { CoreFuncType, CoreValueType } from "../component/types.ts";
import {
  code,
  codes,
  coreModule,
  functionExport,
  functionImport,
  funcType,
  s33,
  u32,
  valueTypeCodes,
} from "./core-encoding.ts";
import type { CoreFunction } from "./core-function.ts";

/** What the module asks for; the first argument is always the stack that it was started with. */
export interface KeptStackImports {
  readonly callee: (stack: never) => CoreFunction | undefined;
  readonly argument: (index: number) => (stack: never) => unknown;
  readonly done: (stack: never, value: unknown) => void;
  /** Whether to go on, 1 or 0; a Promise of it suspends the stack. */
  readonly next: (stack: never) => number | Promise<number>;
}

/**
 * Functions that keep the stack that they are called on (kept-stacks.ts), by number of the
 * signature, each to be called with what stands for its stack:
 *
 * ```
 * (func (export "K") (param $stack externref)
 *   (loop
 *     (done stack (call_ref (argument stack)... (callee stack)))
 *     (br_if 0 (next stack))))
 * ```
 */
export function keptStackRunners(
  signatures: readonly CoreFuncType[],
  imports: KeptStackImports,
): CoreFunction[] {
  const given: Record<string, unknown> = { next: new WebAssembly.Suspending(imports.next) };
  for (const index of signatures.keys()) {
    given[`callee ${index}`] = imports.callee;
    given[`done ${index}`] = imports.done;
  }
  for (const { index, type } of allArguments(signatures)) {
    given[`${type} ${index}`] = imports.argument(index);
  }
  const module = new WebAssembly.Module(encode(signatures));
  const { exports } = new WebAssembly.Instance(module, { "": given });
  return signatures.map((_, index) => WebAssembly.promising(exports[index] as CoreFunction));
}

interface Argument {
  readonly index: number;
  readonly type: CoreValueType;
}

/** Each once. */
function allArguments(signatures: readonly CoreFuncType[]): Argument[] {
  const all = new Map<string, Argument>();
  for (const { params } of signatures) {
    for (const [index, type] of params.entries()) all.set(`${type} ${index}`, { index, type });
  }
  return [...all.values()];
}

const stack = [valueTypeCodes.externref];

class Encoding {
  readonly types: number[][] = [];
  readonly imports: number[][] = [];
  readonly #functions = new Map<string, number>();

  type(type: number[]): number {
    return this.types.push(type) - 1;
  }

  import(field: string, type: number[]): void {
    this.#functions.set(field, this.imports.length);
    this.imports.push(functionImport("", field, this.type(type)));
  }

  call(field: string): number[] {
    return [code.call, ...u32(this.#functions.get(field) ?? 0)];
  }
}

function encode(signatures: readonly CoreFuncType[]): Uint8Array<ArrayBuffer> {
  const encoding = new Encoding();
  const callees = signatures.map(({ params, results }) =>
    encoding.type(funcType(codes(params), codes(results))),
  );
  encoding.import("next", funcType([stack], codes(["i32"])));
  for (const { index, type } of allArguments(signatures)) {
    encoding.import(`${type} ${index}`, funcType([stack], codes([type])));
  }
  for (const [index, { results }] of signatures.entries()) {
    const reference = [code.refNull, ...s33(callees[index] ?? 0)];
    encoding.import(`callee ${index}`, funcType([stack], [reference]));
    encoding.import(`done ${index}`, funcType([stack, ...codes(results)], []));
  }
  const runner = encoding.type(funcType([stack], []));
  const bodies = signatures.map((each, index) => runnerBody(encoding, each, index, callees));
  const { types, imports } = encoding;
  return coreModule({
    types,
    imports,
    functions: signatures.map(() => runner),
    exports: signatures.map((_, at) => functionExport(String(at), imports.length + at)),
    bodies,
  });
}

function runnerBody(
  encoding: Encoding,
  { params }: CoreFuncType,
  index: number,
  callees: readonly number[],
): number[] {
  const getStack = [code.localGet, 0];
  const args = params.flatMap((type, at) => [...getStack, ...encoding.call(`${type} ${at}`)]);
  return [
    0, // no locals
    ...[code.loop, code.emptyBlock],
    // Below the result, for `done`.
    ...getStack,
    ...args,
    ...[...getStack, ...encoding.call(`callee ${index}`)],
    ...[code.callRef, ...u32(callees[index] ?? 0)],
    ...encoding.call(`done ${index}`),
    ...[...getStack, ...encoding.call("next")],
    ...[code.brIf, 0, code.end, code.end],
  ];
}

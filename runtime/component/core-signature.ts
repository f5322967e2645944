import type { FuncEntity, ValueEntity } from "./entities.ts";
import type { CoreFuncType, CoreValueType } from "./types.ts";

/** CanonicalABI.md, "Flattening": MAX_FLAT_ASYNC_PARAMS. */
const flatAsyncParamsMax = 4;
/** CanonicalABI.md, "Flattening": MAX_FLAT_RESULTS. */
const flatResultsMax = 1;

const pointer: readonly CoreValueType[] = ["i32"];
const none: readonly CoreValueType[] = [];

/** Whether the parameters of a lifted function travel in memory. */
export function spillsLiftedParams({ params }: FuncEntity): boolean {
  return params === undefined;
}

/** Whether the parameters of a lowered function travel in memory. */
export function spillsLoweredParams({ params }: FuncEntity, async: boolean): boolean {
  return params === undefined || (async && params.length > flatAsyncParamsMax);
}

/** Whether a result travels in memory, unless the function is async. */
export function spillsResults({ results }: FuncEntity): boolean {
  return results === undefined || results.length > flatResultsMax;
}

/** Signature of the core function behind `canon lift` (CanonicalABI.md, `flatten_functype`). */
export function liftedSignature(type: FuncEntity, async: boolean, callback: boolean): CoreFuncType {
  const params = type.params ?? pointer;
  if (async) return { params, results: callback ? pointer : none };
  return { params, results: spillsResults(type) ? pointer : (type.results ?? none) };
}

/** Signature of the core function that `canon lower` makes. */
export function loweredSignature(type: FuncEntity, async: boolean): CoreFuncType {
  const spilled = spillsLoweredParams(type, async);
  const params = spilled ? pointer : (type.params ?? pointer);
  if (async) {
    const hasResult = type.type.result !== undefined;
    return { params: hasResult ? [...params, "i32"] : params, results: ["i32"] };
  }
  if (spillsResults(type)) return { params: [...params, "i32"], results: none };
  return { params, results: type.results ?? none };
}

/** Signature of `task.return`: the result becomes its parameter. */
export function taskReturnSignature(result: ValueEntity | undefined): CoreFuncType {
  return { params: result === undefined ? none : (result.flat ?? pointer), results: none };
}

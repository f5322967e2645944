import { WhorlError } from "../error.ts";
import type { CoreEntity } from "./entities.ts";
import type { LinkContext } from "./link-context.ts";
import type { CanonicalOptions, CoreItem } from "./plan.ts";
import type { Scope } from "./scope.ts";
import type { OptionsSyntax } from "./syntax.ts";
import { coreFuncText, isSameCoreFuncType } from "./type-match.ts";
import type { CoreFuncType } from "./types.ts";

/** Which options a canonical definition takes. */
export type OptionsUse = "lift" | "lower" | "builtin";

/** No options at all. */
export const noOptions: CanonicalOptions = {
  stringEncoding: "utf8",
  memory: undefined,
  realloc: undefined,
  postReturn: undefined,
  async: false,
  callback: undefined,
};

const reallocType: CoreFuncType = { params: ["i32", "i32", "i32", "i32"], results: ["i32"] };
const callbackType: CoreFuncType = { params: ["i32", "i32", "i32"], results: ["i32"] };

/**
 * Looks up what canonical options refer to and checks each on its own (CanonicalABI.md,
 * "`canonopt` Validation"). Throws `invalid`, or `unsupported` for 64-bit memories.
 */
export function evaluateOptions(
  context: LinkContext,
  scope: Scope,
  syntax: OptionsSyntax,
  use: OptionsUse,
): CanonicalOptions {
  checkCombination(context, syntax, use);
  const { stringEncoding, async } = syntax;
  return {
    stringEncoding,
    async,
    memory: memoryAt(context, scope, syntax.memory),
    realloc: funcOption(context, scope, syntax.realloc, reallocType),
    // Its type depends on the function: checked by `canon lift`.
    postReturn: itemOf(scope, syntax.postReturn)?.item,
    callback: funcOption(context, scope, syntax.callback, callbackType),
  };
}

function checkCombination(context: LinkContext, syntax: OptionsSyntax, use: OptionsUse): void {
  const { postReturn, realloc, memory, async, callback } = syntax;
  if (realloc !== undefined && memory === undefined) context.fail("realloc without a memory");
  if (postReturn !== undefined && use !== "lift") context.fail(`post-return on a ${use}`);
  if (postReturn !== undefined && async) context.fail("post-return of an async function");
  if (callback !== undefined && use !== "lift") context.fail(`a callback on a ${use}`);
  if (callback !== undefined && !async) context.fail("a callback of a function that is not async");
}

/** A memory of canonical definitions. */
export function memoryAt(
  context: LinkContext,
  scope: Scope,
  index: number | undefined,
): CoreItem | undefined {
  if (index === undefined) return undefined;
  const { item, type } = scope.coreMemories.at(index);
  if (type.kind === "memory" && type.limits.wide) {
    throw new WhorlError(
      "unsupported",
      `the component passes values in a 64-bit memory (definition at byte offset 0x${context.offset.toString(16)}): only 32-bit memories are supported`,
    );
  }
  return item;
}

function itemOf(scope: Scope, index: number | undefined): CoreEntity | undefined {
  return index === undefined ? undefined : scope.coreFuncs.at(index);
}

function funcOption(
  context: LinkContext,
  scope: Scope,
  index: number | undefined,
  wanted: CoreFuncType,
): CoreItem | undefined {
  const found = itemOf(scope, index);
  if (found === undefined) return undefined;
  checkCoreFunc(context, found, wanted, `core function ${index} of the canonical options`);
  return found.item;
}

/** Throws `invalid` unless a core function has the type that the canonical ABI gives it. */
export function checkCoreFunc(
  context: LinkContext,
  { type }: CoreEntity,
  wanted: CoreFuncType,
  what: string,
): void {
  if (type.kind !== "func") return context.fail(`${what} is a ${type.kind}`);
  if (isSameCoreFuncType(type.type, wanted)) return;
  context.fail(`${what} has type ${coreFuncText(type.type)} instead of ${coreFuncText(wanted)}`);
}

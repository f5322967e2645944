import {
  liftedSignature,
  loweredSignature,
  spillsLiftedParams,
  spillsLoweredParams,
  spillsResults,
} from "./core-signature.ts";
import type { FuncEntity, FunctionEntity } from "./entities.ts";
import { evaluateBuiltin } from "./evaluate-builtin.ts";
import { checkCoreFunc, evaluateOptions } from "./evaluate-options.ts";
import { funcTypeAt, resourceAt } from "./evaluate-types.ts";
import type { LinkContext } from "./link-context.ts";
import type { CanonicalOptions, Trampoline } from "./plan.ts";
import type { Scope } from "./scope.ts";
import type { CanonSyntax } from "./syntax.ts";
import type { CoreFuncType } from "./types.ts";

/** Evaluates a canonical definition into the index space of its sort. Throws `invalid`. */
export function evaluateCanon(context: LinkContext, scope: Scope, syntax: CanonSyntax): void {
  switch (syntax.kind) {
    case "lift":
      return scope.funcs.push(lift(context, scope, syntax));
    case "lower":
      return lower(context, scope, syntax);
    case "resource.new":
    case "resource.rep":
    case "resource.drop":
      return resourceBuiltin(context, scope, syntax);
    case "builtin": {
      const { trampoline, type } = evaluateBuiltin(context, scope, syntax);
      return addTrampoline(context, scope, trampoline, type);
    }
  }
}

function addTrampoline(
  context: LinkContext,
  scope: Scope,
  trampoline: Trampoline,
  type: CoreFuncType,
): void {
  const index = context.plan.addTrampoline(trampoline);
  scope.coreFuncs.push({
    item: { kind: "trampoline", trampoline: index },
    type: { kind: "func", type },
  });
}

function lift(
  context: LinkContext,
  scope: Scope,
  syntax: CanonSyntax & { kind: "lift" },
): FunctionEntity {
  const type = funcTypeAt(context, scope, syntax.type);
  const core = scope.coreFuncs.at(syntax.core);
  const options = evaluateOptions(context, scope, syntax.options, "lift");
  const { async } = options;
  if (async && !type.type.async) context.fail("an async lift of a function type that is not async");
  const signature = liftedSignature(type, async, options.callback !== undefined);
  checkCoreFunc(context, core, signature, `core function ${syntax.core} that is lifted`);
  if (syntax.options.postReturn !== undefined) {
    const postReturn = scope.coreFuncs.at(syntax.options.postReturn);
    const wanted = { params: signature.results, results: [] };
    checkCoreFunc(context, postReturn, wanted, "the post-return function");
  }
  checkLiftOptions(context, type, options);
  return {
    kind: "func",
    type,
    function: { kind: "lift", core: core.item, type: type.type, options, instance: scope.instance },
  };
}

/** An async lift returns by task.return, which takes more core values than a result may. */
function checkLiftOptions(context: LinkContext, type: FuncEntity, options: CanonicalOptions): void {
  const spilled = options.async ? type.results === undefined : spillsResults(type);
  if (type.resultPointers || spilled) requireMemory(context, options);
  if (type.paramPointers || spillsLiftedParams(type)) requireRealloc(context, options);
}

function requireMemory(context: LinkContext, { memory }: CanonicalOptions): void {
  if (memory === undefined) context.fail("the canonical option memory is required and missing");
}

function requireRealloc(context: LinkContext, { realloc }: CanonicalOptions): void {
  if (realloc === undefined) context.fail("the canonical option realloc is required and missing");
}

function lower(context: LinkContext, scope: Scope, syntax: CanonSyntax & { kind: "lower" }): void {
  const callee = scope.funcs.at(syntax.func);
  const { type } = callee;
  const options = evaluateOptions(context, scope, syntax.options, "lower");
  const { async } = options;
  if (async && !type.type.async) context.fail("an async lower of a function that is not async");
  const spilledResult = async ? type.type.result !== undefined : spillsResults(type);
  const spilled = spillsLoweredParams(type, async) || spilledResult;
  if (spilled || type.paramPointers) requireMemory(context, options);
  if (type.resultPointers) requireRealloc(context, options);
  const trampoline: Trampoline = {
    kind: "lower",
    function: callee.function,
    options,
    instance: scope.instance,
  };
  addTrampoline(context, scope, trampoline, loweredSignature(type, async));
}

const resourceSignatures: Readonly<Record<string, CoreFuncType>> = {
  "resource.new": { params: ["i32"], results: ["i32"] },
  "resource.rep": { params: ["i32"], results: ["i32"] },
  "resource.drop": { params: ["i32"], results: [] },
};

function resourceBuiltin(
  context: LinkContext,
  scope: Scope,
  { kind, resource: index }: Extract<CanonSyntax, { resource: number }>,
): void {
  const { resource, opaque } = resourceAt(context, scope, index);
  if (kind !== "resource.drop") {
    if (opaque !== undefined) context.fail(`${kind} of a resource that is opaque here`);
    if (!context.plan.isDefinedBy(resource, scope.instance)) {
      context.fail(`${kind} of a resource that another component defines`);
    }
  }
  const trampoline: Trampoline = { kind, resource, instance: scope.instance };
  const type = resourceSignatures[kind] ?? { params: [], results: [] };
  addTrampoline(context, scope, trampoline, type);
}

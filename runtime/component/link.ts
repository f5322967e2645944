import { WhorlError } from "../error.ts";
import { decodeComponent } from "./decode.ts";
import type { ComponentEntity, Entity, InstanceEntity } from "./entities.ts";
import { instantiateComponent } from "./evaluate-component.ts";
import { LinkContext } from "./link-context.ts";
import { moduleRefusal } from "./module-refusal.ts";
import { PlanBuilder } from "./plan-builder.ts";
import type { Plan, PlanExport } from "./plan.ts";

/**
 * Decodes and validates a component and flattens its graph of instances into a plan. The plan's
 * modules are views into `bytes`, which must not change afterwards.
 *
 * Throws `not_wasm`, `core_module`, `malformed` (with the byte offset), `invalid`, `unsupported`
 * or `limit`.
 */
export function linkComponent(bytes: Uint8Array<ArrayBuffer>): Plan {
  const syntax = decodeComponent(bytes);
  const component: ComponentEntity = { kind: "component", syntax, outer: undefined };
  try {
    return linkRoot(component);
  } catch (error) {
    if (error instanceof WhorlError && error.code === "unsupported") checkRoot(component);
    throw error;
  }
}

function linkRoot(component: ComponentEntity): Plan {
  const plan = new PlanBuilder();
  const context = new LinkContext(plan, instantiateComponent);
  const root = instantiateComponent(context, component, undefined, undefined);
  return finishPlan(context, root);
}

/** The plan of all that was instantiated, with the exports of `root`. Throws `invalid`. */
export function finishPlan(context: LinkContext, root: InstanceEntity): Plan {
  const exports = planExports(context, new Map(), root);
  checkUnusedModules(context);
  return context.plan.build(exports);
}

/** What is invalid is told before what is not supported: throws `invalid`. */
export function checkRoot(component: ComponentEntity): void {
  const context = new LinkContext(new PlanBuilder(), instantiateComponent);
  context.check(() => {
    instantiateComponent(context, component, undefined, undefined);
  });
}

/** Those that the plan has are compiled before they run: the others have to be valid all the same. */
function checkUnusedModules({ modules, plan }: LinkContext): void {
  for (const bytes of modules) {
    if (plan.hasModule(bytes)) continue;
    const reason = moduleRefusal(bytes);
    if (reason === undefined) continue;
    throw new WhorlError("invalid", `core module that is not used: ${reason}`);
  }
}

/** Instances already turned into exports: one that is exported many times unfolds once. */
type Known = Map<InstanceEntity, ReadonlyMap<string, PlanExport>>;

function planExports(
  context: LinkContext,
  known: Known,
  instance: InstanceEntity,
): ReadonlyMap<string, PlanExport> {
  const done = known.get(instance);
  if (done !== undefined) return done;
  const result = new Map<string, PlanExport>();
  context.nested(() => {
    for (const [name, entity] of instance.exports) {
      context.step();
      result.set(name, planExport(context, known, entity));
    }
  });
  known.set(instance, result);
  return result;
}

function planExport(context: LinkContext, known: Known, entity: Entity): PlanExport {
  switch (entity.kind) {
    case "func":
      return { kind: "func", function: entity.function };
    case "instance":
      return { kind: "instance", exports: planExports(context, known, entity) };
    case "type":
      return {
        kind: "type",
        resource: entity.type.kind === "resource" ? entity.type.resource : undefined,
      };
    case "component":
      return { kind: "component" };
    case "core-module":
      return entity.bytes === undefined
        ? context.fail("a core module is exported that has no bytes")
        : { kind: "module", module: context.plan.addModule(entity.bytes) };
  }
}

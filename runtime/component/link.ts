import { decodeComponent } from "./decode.ts";
import type { Entity, InstanceEntity } from "./entities.ts";
import { instantiateComponent } from "./evaluate-component.ts";
import { LinkContext } from "./link-context.ts";
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
  const plan = new PlanBuilder();
  const context = new LinkContext(plan, instantiateComponent);
  const root = instantiateComponent(
    context,
    { kind: "component", syntax, outer: undefined },
    undefined,
    undefined,
  );
  return plan.build(planExports(context, root));
}

function planExports(
  context: LinkContext,
  { exports }: InstanceEntity,
): ReadonlyMap<string, PlanExport> {
  const result = new Map<string, PlanExport>();
  for (const [name, entity] of exports) {
    context.step();
    result.set(name, planExport(context, entity));
  }
  return result;
}

function planExport(context: LinkContext, entity: Entity): PlanExport {
  switch (entity.kind) {
    case "func":
      return { kind: "func", function: entity.function };
    case "instance":
      return { kind: "instance", exports: planExports(context, entity) };
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

import type { HttpTrigger } from "../../app/app.ts";

/** A trigger's target that is a component. */
export type ComponentTarget = Extract<HttpTrigger["target"], { kind: "component" }>;

/** Names what answers a trigger: the component, for WAGI with the arguments that the trigger has. */
export function executorKey({ component, wagi }: ComponentTarget): string {
  return wagi === undefined ? component : `${component} ${wagi.argv}`;
}

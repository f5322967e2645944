import type { App, AppComponent, ComposedPart } from "./app.ts";

type Triggered = Pick<App, "components" | "httpTriggers" | "eventTriggers">;

/**
 * Puts the middleware of triggers where components are put together: into the component. Where
 * other triggers call the component too, a copy of it gets the middleware, named
 * `COMPONENT-for-TRIGGER` as Spin does.
 * @param middleware by id of the HTTP trigger.
 */
export function assignMiddleware(
  app: Triggered,
  middleware: ReadonlyMap<string, readonly ComposedPart[]>,
): Triggered {
  const components = new Map(app.components);
  const uses = countUses(app);
  const httpTriggers = app.httpTriggers.map((trigger) => {
    const { id, target } = trigger;
    const layers = middleware.get(id);
    if (layers === undefined || target.kind !== "component") return trigger;
    const component = app.components.get(target.component);
    if (component === undefined) return trigger;
    if (uses.get(component.id) === 1) {
      components.set(component.id, { ...component, middleware: layers });
      return trigger;
    }
    const copy: AppComponent = {
      ...component,
      id: freeId(`${component.id}-for-${id}`, components),
      declaredId: component.id,
      middleware: layers,
    };
    components.set(copy.id, copy);
    return { ...trigger, target: { ...target, component: copy.id } };
  });
  return { components, httpTriggers, eventTriggers: app.eventTriggers };
}

function countUses({ httpTriggers, eventTriggers }: Triggered): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  const add = (id: string): void => void uses.set(id, (uses.get(id) ?? 0) + 1);
  for (const { target } of httpTriggers) if (target.kind === "component") add(target.component);
  for (const { component } of eventTriggers) add(component);
  return uses;
}

function freeId(wanted: string, components: ReadonlyMap<string, unknown>): string {
  let id = wanted;
  for (let counter = 1; components.has(id); counter++) id = `${wanted}-d${counter}`;
  return id;
}

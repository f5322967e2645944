import { WhorlError } from "../error.ts";
import type { App, AppComponent } from "./app.ts";

/**
 * The app with only these components and their triggers (Spin: selective components); a trigger
 * without a component goes. An empty list
 * keeps all. Throws WhorlError `usage` for an id that no component has, and where a component that
 * stays is allowed to call one that goes.
 */
export function retainComponents(app: App, ids: readonly string[]): App {
  if (ids.length === 0) return app;
  // Where a component was copied for its middleware, its name means the copies too.
  const copies = [...app.components.values()].filter(
    ({ declaredId }) => declaredId !== undefined && ids.includes(declaredId),
  );
  const retained = new Set([...ids, ...copies.map(({ id }) => id)]);
  const known = [...app.components.keys()];
  const unknown = ids.find((id) => !app.components.has(id));
  if (unknown !== undefined) {
    throw new WhorlError(
      "usage",
      `the app has no component "${unknown}" to keep; it has ${known.join(", ")}`,
    );
  }
  const components = new Map([...app.components].filter(([id]) => retained.has(id)));
  for (const component of components.values()) checkChaining(component, retained, known);
  return {
    ...app,
    components,
    httpTriggers: app.httpTriggers.filter(
      ({ target }) => target.kind === "component" && retained.has(target.component),
    ),
    eventTriggers: app.eventTriggers.filter(({ component }) => retained.has(component)),
  };
}

function checkChaining(
  component: AppComponent,
  retained: ReadonlySet<string>,
  known: readonly string[],
): void {
  for (const entry of component.allowedOutboundHosts) {
    const called = /:\/\/([^./:]+)\.spin\.internal(?::|\/|$)/.exec(entry)?.[1];
    if (called === undefined || retained.has(called) || !known.includes(called)) continue;
    throw new WhorlError(
      "usage",
      `component "${component.id}" is kept and may call "${called}" (${entry}), which is not; ` +
        "keep both, or take the entry out of allowed_outbound_hosts",
    );
  }
}

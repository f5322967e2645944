import type { App, AppComponent } from "../../app/app.ts";
import { mergedEnvironment } from "../component-context.ts";
import type { ComponentSurroundings } from "../component-context.ts";

/**
 * Everything beside its bytes that the state of a warmed up component depends on: what it was asked,
 * what it was told with the request, and its environment. Undefined for one that begins cold.
 */
export function warmKey(
  component: AppComponent,
  { httpTriggers }: Pick<App, "httpTriggers">,
  surroundings: Pick<ComponentSurroundings, "environment">,
): string | undefined {
  if (component.warm === undefined) return undefined;
  const routes = httpTriggers.flatMap(({ target, route = "" }) =>
    target.kind === "component" && target.component === component.id ? [route] : [],
  );
  const { requests, shares } = component.warm;
  const environment = mergedEnvironment(component, surroundings);
  return JSON.stringify({ requests, shares: shares.toSorted(), environment, routes });
}

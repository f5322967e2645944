import { WhorlError } from "../error.ts";
import type { App, AppComponent } from "./app.ts";
import type { ManifestContext } from "./manifest-context.ts";
import type { ManifestComponent } from "./manifest.ts";

/** What a component answers before its first request, so that all instances begin behind it. */
export interface WarmSettings {
  /** In this order. */
  readonly requests: readonly WarmRequest[];
  /** What all instances may have in common although it should differ. */
  readonly shares: readonly WarmShare[];
}

export interface WarmRequest {
  readonly method: string;
  /** With query, from the slash on. */
  readonly path: string;
}

/** What a guest may be given while it is warmed up; from then on it repeats in every instance. */
export const warmShares = ["random", "time"] as const;
export type WarmShare = (typeof warmShares)[number];

/** A request of one component, or of every component with a route. */
export interface WarmTarget {
  readonly component: string | undefined;
  readonly request: WarmRequest;
}

/** As {@link WarmSettings}, from outside of the manifest. */
export interface WarmOverride {
  readonly targets?: readonly WarmTarget[];
  readonly shares?: readonly WarmShare[];
}

/** `/path` or `METHOD /path`; undefined for anything else. */
export function parseWarmRequest(text: string): WarmRequest | undefined {
  const [, method = "GET", path] = /^(?:([A-Z]{1,20}) )?(\/[!-~]*)$/.exec(text) ?? [];
  return path === undefined ? undefined : { method, path };
}

/** `/path` of all components, or `component=/path`; undefined for anything else. */
export function parseWarmTarget(text: string): WarmTarget | undefined {
  const [, component, rest = ""] = /^(?:([A-Za-z][\w-]*)=)?(.*)$/.exec(text) ?? [];
  const request = parseWarmRequest(rest);
  return request && { component, request };
}

/** Names separated by commas; undefined where one is none. */
export function parseWarmShares(text: string): readonly WarmShare[] | undefined {
  const names = text.split(",").map((name) => name.trim());
  return names.every(isWarmShare) ? names : undefined;
}

function isWarmShare(name: string): name is WarmShare {
  return (warmShares as readonly string[]).includes(name);
}

/** `tool.whorl` of a component; mistakes go to the context's problems. */
export function buildWarm(
  { tool }: ManifestComponent,
  { positions, problems }: ManifestContext,
): Pick<AppComponent, "warm"> {
  const { warm = [], warm_shares: shared = [] } = tool?.whorl ?? {};
  const requests = warm.flatMap((text, index) => {
    const request = parseWarmRequest(text);
    if (request !== undefined) return [request];
    const wanted = 'is no request to warm up with; write "/path" or "POST /path"';
    problems.add("manifest", positions.valueAt(warm, index), `"${text}" ${wanted}`);
    return [];
  });
  const shares = shared.filter((name, index): name is WarmShare => {
    if (isWarmShare(name)) return true;
    const wanted = `is nothing that instances can share; use ${warmShares.join(" or ")}`;
    problems.add("manifest", positions.valueAt(shared, index), `"${name}" ${wanted}`);
    return false;
  });
  return requests.length === 0 ? {} : { warm: { requests, shares } };
}

/**
 * The app with the requests that its embedder wants it to be warmed up with: those replace what the
 * manifest says of the same component. Throws WhorlError `usage` for a component that is not there.
 */
export function withWarm(app: App, { targets = [], shares = [] }: WarmOverride): App {
  if (targets.length === 0 && shares.length === 0) return app;
  const unknown = targets.find(
    ({ component }) => component !== undefined && !app.components.has(component),
  );
  if (unknown !== undefined) {
    const known = [...app.components.keys()].join(", ");
    const message = `the app has no component "${unknown.component}" to warm up; it has ${known}`;
    throw new WhorlError("usage", message);
  }
  const routed = new Set(
    app.httpTriggers.flatMap(({ target, route }) =>
      target.kind === "component" && route !== undefined ? [target.component] : [],
    ),
  );
  const components = [...app.components].map(([id, component]): [string, AppComponent] => {
    const names = [id, component.declaredId];
    const meant = targets.filter(({ component: name }) =>
      name === undefined ? routed.has(id) : names.includes(name),
    );
    const requests =
      meant.length > 0 ? meant.map(({ request }) => request) : component.warm?.requests;
    if (requests === undefined) return [id, component];
    const all = new Set([...(component.warm?.shares ?? []), ...shares]);
    return [id, { ...component, warm: { requests, shares: [...all] } }];
  });
  return { ...app, components: new Map(components) };
}

import type { HttpTrigger } from "../../app/app.ts";
import { type PathParam, RoutePattern } from "./route-pattern.ts";

/** Requests below it are answered by the trigger itself. */
export const wellKnownPrefix = "/.well-known/spin/";

/** A route of the manifest, compiled. */
export interface Route {
  readonly trigger: HttpTrigger;
  /** As written in the manifest. */
  readonly rawRoute: string;
  /** With a leading slash and without a trailing one; `""` for `/`. */
  readonly matchedRoute: string;
  /** `rawRoute` without `/...` at its end. */
  readonly componentRoute: string;
}

export interface RouteMatch {
  readonly route: Route;
  /** What the trailing wildcard took, from its slash on; `""` without wildcard. */
  readonly pathInfo: string;
  /** Values of the `:name` segments; a name that occurs twice is there once, with its last value. */
  readonly params: readonly PathParam[];
}

interface Entry {
  readonly route: Route;
  readonly pattern: RoutePattern;
}

/**
 * Finds the trigger of a path (Spin: exact segments before `:name` before a trailing wildcard, the
 * longest prefix first; slashes at the end of a path do not count; nothing is percent-decoded).
 */
export class Router {
  /** Routes that no request can reach, as sentences. */
  readonly warnings: readonly string[];
  readonly routes: readonly Route[];
  readonly #exact = new Map<string, RouteMatch>();
  /** Patterns by their first segment, in the order in which they are tried. */
  readonly #byFirstSegment = new Map<string, Entry[]>();
  readonly #others: Entry[] = [];

  /** Triggers without a route are left out. Throws WhorlError `manifest` for an unusable route. */
  constructor(triggers: readonly HttpTrigger[]) {
    const warnings: string[] = [];
    const entries = compile(lastOfEachRoute(triggers, warnings));
    const reachable = firstOfEachShape(entries, warnings);
    for (const entry of reachable) this.#add(entry);
    this.routes = reachable.map((entry) => entry.route);
    this.warnings = warnings;
  }

  /** `path` is the request's, without query. Undefined where no route matches. */
  match(path: string): RouteMatch | undefined {
    const trimmed = trimSlashes(path);
    const exact = this.#exact.get(trimmed);
    if (exact !== undefined) return exact;
    if (this.#byFirstSegment.size > 0) {
      const end = trimmed.indexOf("/");
      const first = end === -1 ? trimmed : trimmed.slice(0, end);
      const entries = this.#byFirstSegment.get(first);
      const match = entries && firstMatch(entries, trimmed, path);
      // Text in the first segment beats everything else, so the others come second.
      if (match !== undefined) return match;
    }
    return firstMatch(this.#others, trimmed, path);
  }

  #add(entry: Entry): void {
    const { exactPath, firstSegment } = entry.pattern;
    if (exactPath !== undefined) {
      this.#exact.set(exactPath, { route: entry.route, pathInfo: "", params: [] });
    } else if (firstSegment !== undefined) {
      const entries = this.#byFirstSegment.get(firstSegment);
      if (entries === undefined) this.#byFirstSegment.set(firstSegment, [entry]);
      else entries.push(entry);
    } else {
      this.#others.push(entry);
    }
  }
}

function lastOfEachRoute(
  triggers: readonly HttpTrigger[],
  warnings: string[],
): ReadonlyMap<string, HttpTrigger> {
  const byRoute = new Map<string, HttpTrigger>();
  for (const trigger of triggers) {
    if (trigger.route === undefined) continue;
    const replaced = byRoute.get(trigger.route);
    if (replaced !== undefined) {
      warnings.push(
        `${place(replaced)}route "${trigger.route}" of trigger "${replaced.id}" is never used: ` +
          `trigger "${trigger.id}" has the same route and comes later; give one of them another`,
      );
    }
    byRoute.set(trigger.route, trigger);
  }
  return byRoute;
}

function place({ origin }: HttpTrigger): string {
  return origin === undefined ? "" : `${origin}: `;
}

function compile(triggers: ReadonlyMap<string, HttpTrigger>): Entry[] {
  const entries = [...triggers].map(([rawRoute, trigger]) => {
    const absolute = rawRoute.startsWith("/") ? rawRoute : `/${rawRoute}`;
    const matchedRoute = absolute.endsWith("/") ? absolute.slice(0, -1) : absolute;
    const componentRoute = rawRoute.endsWith("/...") ? rawRoute.slice(0, -4) : rawRoute;
    const pattern = new RoutePattern(matchedRoute, `route "${rawRoute}" of "${trigger.id}"`);
    return { route: { trigger, rawRoute, matchedRoute, componentRoute }, pattern };
  });
  // Stable: of two patterns with the same rank the one declared first is tried first.
  return entries.toSorted((a, b) => a.pattern.compare(b.pattern));
}

function firstOfEachShape(entries: readonly Entry[], warnings: string[]): Entry[] {
  const byShape = new Map<string, Entry>();
  for (const entry of entries) {
    const { trigger, rawRoute, matchedRoute } = entry.route;
    const winner = byShape.get(entry.pattern.shape)?.route;
    if (winner !== undefined) {
      warnings.push(
        `${place(trigger)}route "${rawRoute}" of trigger "${trigger.id}" is never used: ` +
          `"${winner.rawRoute}" of trigger "${winner.trigger.id}" matches the same paths; remove one`,
      );
      continue;
    }
    if (matchedRoute.startsWith(wellKnownPrefix)) {
      warnings.push(
        `${place(trigger)}route "${rawRoute}" of trigger "${trigger.id}" is never used: the ` +
          `runtime answers everything below ${wellKnownPrefix} itself; choose another route`,
      );
    }
    byShape.set(entry.pattern.shape, entry);
  }
  return [...byShape.values()];
}

function firstMatch(
  entries: readonly Entry[],
  trimmed: string,
  path: string,
): RouteMatch | undefined {
  for (const { route, pattern } of entries) {
    const match = pattern.match(trimmed);
    if (match === undefined) continue;
    const pathInfo = match.rest === undefined ? "" : pathInfoOf(match.rest, path);
    return { route, pathInfo, params: lastOfEachName(match.params) };
  }
  return undefined;
}

/** The slash at the end of the path belongs to the path info although it plays no part in matching. */
function pathInfoOf(rest: string, path: string): string {
  const end = path.endsWith("/") ? "/" : "";
  return rest === "" ? end : `/${rest}${end}`;
}

function lastOfEachName(params: readonly PathParam[]): readonly PathParam[] {
  return params.length < 2 ? params : [...new Map(params)];
}

function trimSlashes(path: string): string {
  let start = 0;
  let end = path.length;
  while (start < end && path.charCodeAt(start) === slash) start++;
  while (end > start && path.charCodeAt(end - 1) === slash) end--;
  return path.slice(start, end);
}

const slash = 47;

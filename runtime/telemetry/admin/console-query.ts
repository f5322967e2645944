import { WhorlError } from "../../error.ts";
import { filterFromQuery } from "../live/request-filter.ts";
import type { Health } from "./console-api.ts";
import type { AppQuery, EventQuery, EventTopic, RequestQuery } from "./console-view.ts";

const itemsMax = 1_000;
const requestsByDefault = 200;
const healths: readonly Health[] = ["healthy", "idle", "pending", "degraded", "failing"];
const topics: readonly EventTopic[] = ["usage", "requests", "failures"];

/** Reads the query of `/api/apps`. Throws WhorlError `usage` for what is none. */
export function appQuery(query: URLSearchParams): AppQuery {
  return {
    search: query.get("search") ?? "",
    health: listed(query, "health", healths),
    offset: wholeNumber(query, "offset", { fallback: 0, max: Number.MAX_SAFE_INTEGER }),
    limit: wholeNumber(query, "limit", { fallback: itemsMax, max: itemsMax }),
  };
}

/** Reads the query of `/api/requests`. Throws as {@link appQuery}. */
export function requestQuery(query: URLSearchParams): RequestQuery {
  const since = query.get("since") ?? undefined;
  if (since !== undefined && !/^[\w.-]{1,128}$/.test(since)) {
    throw new WhorlError("usage", `since="${since}" is no id of a request`);
  }
  const limit = wholeNumber(query, "limit", { fallback: requestsByDefault, max: itemsMax });
  return { since, limit, filter: filterFromQuery(query) };
}

/** Reads the query of `/api/events`. Throws as {@link appQuery}. */
export function eventQuery(query: URLSearchParams): EventQuery {
  const named = listed(query, "topics", topics);
  return { topics: new Set(named.length === 0 ? topics : named), filter: filterFromQuery(query) };
}

function listed<T extends string>(
  query: URLSearchParams,
  name: string,
  known: readonly T[],
): readonly T[] {
  const parts = (query.get(name) ?? "").split(",").filter((part) => part !== "");
  return parts.map((part) => {
    const found = known.find((each) => each === part);
    if (found !== undefined) return found;
    throw new WhorlError("usage", `${name}="${part}" is none of ${known.join(", ")}`);
  });
}

function wholeNumber(
  query: URLSearchParams,
  name: string,
  { fallback, max }: { readonly fallback: number; readonly max: number },
): number {
  const text = query.get(name);
  if (text === null) return fallback;
  if (!/^\d{1,15}$/.test(text)) throw new WhorlError("usage", `${name}="${text}" is no number`);
  return Math.min(Number(text), max);
}

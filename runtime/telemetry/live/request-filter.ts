import { WhorlError } from "../../error.ts";
import type { RequestRecord } from "./request-record.ts";

/** Which requests are wanted: all that satisfy everything that is given. */
export interface RequestFilter {
  readonly app?: string;
  readonly component?: string;
  readonly method?: string;
  /** `404`, `5xx`, or several of them with commas. */
  readonly status?: string;
  /** A path, with `*` for any text in it; without `*` whatever begins with it. */
  readonly path?: string;
  readonly traceId?: string;
  /** Milliseconds that it took at least. */
  readonly slowerThanMs?: number;
  /** Failures and answers 5xx only. */
  readonly errors?: boolean;
  readonly cold?: boolean;
}

type Test = (record: RequestRecord) => boolean;

/** One test of all that the filter says. Throws WhorlError `usage` for a status that is none. */
export function compileFilter(filter: RequestFilter): Test {
  const tests = [
    filter.app === undefined ? undefined : same("app", filter.app),
    filter.component === undefined ? undefined : same("component", filter.component),
    filter.method === undefined ? undefined : same("method", filter.method.toUpperCase()),
    filter.traceId === undefined ? undefined : same("traceId", filter.traceId.toLowerCase()),
    filter.status === undefined ? undefined : statusTest(filter.status),
    filter.path === undefined ? undefined : pathTest(filter.path),
    durationTest(filter.slowerThanMs),
    filter.errors === true ? isFailure : undefined,
    filter.cold === true ? (record: RequestRecord): boolean => record.isCold : undefined,
  ].filter((test) => test !== undefined);
  return (record) => tests.every((test) => test(record));
}

/** As the query of a URL. */
export function filterToQuery(filter: RequestFilter): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) {
    if (value !== undefined && value !== false) query.set(name, String(value));
  }
  return query.toString();
}

/** Reads what {@link filterToQuery} wrote; unknown names are ignored. Throws as compileFilter. */
export function filterFromQuery(query: URLSearchParams): RequestFilter {
  const text = (name: string): Record<string, string> => {
    const value = query.get(name);
    return value === null ? {} : { [name]: value };
  };
  const slower = query.get("slowerThanMs");
  const slowerThanMs = Number(slower);
  if (slower !== null && !(slowerThanMs >= 0)) {
    throw new WhorlError("usage", `"${slower}" is no number of milliseconds`);
  }
  return {
    ...text("app"),
    ...text("component"),
    ...text("method"),
    ...text("status"),
    ...text("path"),
    ...text("traceId"),
    ...(slower === null ? {} : { slowerThanMs }),
    ...(query.get("errors") === "true" ? { errors: true } : {}),
    ...(query.get("cold") === "true" ? { cold: true } : {}),
  };
}

function same(key: "app" | "component" | "method" | "traceId", value: string): Test {
  return (record) => record[key] === value;
}

function isFailure(record: RequestRecord): boolean {
  return record.error !== undefined || record.status >= 500;
}

function durationTest(ms: number | undefined): Test | undefined {
  return ms === undefined ? undefined : (record) => record.durationMs >= ms;
}

const statusForm = /^[1-5](?:\d\d|xx)$/i;

function statusTest(text: string): Test {
  const wanted = text.split(",").map((part) => part.trim().toLowerCase());
  for (const part of wanted) {
    if (!statusForm.test(part)) {
      throw new WhorlError("usage", `"${part}" is no status; write 404, 5xx or 404,5xx`);
    }
  }
  const exact = new Set(wanted.filter((part) => !part.endsWith("xx")).map(Number));
  const classes = new Set(wanted.filter((part) => part.endsWith("xx")).map((part) => part[0]));
  return ({ status }) => exact.has(status) || classes.has(String(status)[0]);
}

function pathTest(pattern: string): Test {
  if (!pattern.includes("*")) return ({ path }) => path.startsWith(pattern);
  const parts = pattern.split("*");
  return ({ path }) => matches(pathOnly(path), parts);
}

function pathOnly(path: string): string {
  const query = path.indexOf("?");
  return query === -1 ? path : path.slice(0, query);
}

/** Greedy from left to right: linear in the text, whatever the pattern. */
function matches(text: string, parts: readonly string[]): boolean {
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  if (!text.startsWith(first) || text.length < first.length + last.length) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return text.endsWith(last) && at <= end;
}

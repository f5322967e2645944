import type { RequestFilter } from "../live/request-filter.ts";
import type {
  AppDetail,
  AppList,
  ConsoleEvent,
  ConsoleInfo,
  Health,
  PodMap,
  RequestDetail,
  RequestPage,
} from "./console-api.ts";

/** A value that may have to be asked for. */
export type Awaitable<T> = T | Promise<T>;

/** Which apps are wanted. */
export interface AppQuery {
  /** Part of an id, in any case. */
  readonly search: string;
  /** All where empty. */
  readonly health: readonly Health[];
  readonly offset: number;
  readonly limit: number;
}

export interface RequestQuery {
  readonly since: string | undefined;
  readonly limit: number;
  readonly filter: RequestFilter;
}

export type EventTopic = "usage" | "requests" | "failures";

export interface EventQuery {
  readonly topics: ReadonlySet<EventTopic>;
  readonly filter: RequestFilter;
}

/** What one reader follows. Nothing is made for it while it does not take. */
export interface ConsoleFeed extends Disposable {
  /** What has happened since it was asked last, or nothing; bounded, with counts of what was lost. */
  take(): readonly ConsoleEvent[];
}

/**
 * What the console shows, of a process, a node or a cluster: the meaning of the paths of
 * console-api.ts. Methods may throw WhorlError `usage` for a query that is none.
 */
export interface ConsoleView {
  info(): Awaitable<ConsoleInfo>;
  apps(query: AppQuery): Awaitable<AppList>;
  /** Undefined where there is no such app. */
  app(id: string): Awaitable<AppDetail | undefined>;
  requests(query: RequestQuery): Awaitable<RequestPage>;
  request(id: string): Awaitable<RequestDetail | undefined>;
  pods(): Awaitable<PodMap>;
  /** Undefined when as many follow as may. */
  follow(query: EventQuery): ConsoleFeed | undefined;
}

import type { ConsoleEvent, ConsoleInfo } from "../../runtime/telemetry/admin/console-api.ts";
import { type ConsoleClient, ConsoleError, type Query } from "../api/console-client.ts";
import { followEvents } from "./follow-events.ts";
import type { RequestFeed } from "./request-feed.ts";

interface FollowOptions {
  /** Filters, as the API names them. */
  readonly query: Query;
  readonly signal: AbortSignal;
  /** A filter is none: nothing will come. */
  onRefused(message: string): void;
}

/** Requests read at once when the page is opened, or after a break. */
const pageSize = 1_000;

/**
 * Fills a feed until aborted: with the requests that are kept, then with those that end. After a
 * break what was missed is read, as far as it is kept; of another process everything is new.
 */
export async function followRequests(
  client: Pick<ConsoleClient, "events" | "requests">,
  feed: RequestFeed,
  { query, signal, onRefused }: FollowOptions,
): Promise<void> {
  const isFiltered = Object.values(query).some((value) => value !== undefined && value !== "");
  // At first the newest ones; later all that have come since, in as many answers as it takes.
  const readKept = async (): Promise<void> => {
    for (let isMore = true; isMore;) {
      const since = feed.lastId < 0 ? undefined : String(feed.lastId);
      const page = await client.requests({ ...query, limit: String(pageSize), since }, signal);
      if (signal.aborted) return;
      // Nobody knows which of those that are not kept any more a filter would have let pass.
      feed.add({ requests: page.requests, lost: isFiltered ? 0 : page.lost });
      const isNews = String(feed.lastId) !== since;
      isMore = since !== undefined && isNews && page.requests.length >= pageSize;
    }
  };
  const follower = {
    onConnection: () => undefined,
    onOpen: async (info: ConsoleInfo) => {
      feed.setProcess(info.startedMs);
      await readKept();
    },
    onEvent: (event: ConsoleEvent) => {
      if (event.event === "requests") feed.add(event.data);
    },
  };
  try {
    // A filter is refused here, in words; the events would only break off again and again.
    await readKept();
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof ConsoleError && error.code === "usage") return onRefused(error.message);
  }
  await followEvents(client, { ...query, topics: "requests" }, follower, { signal });
}

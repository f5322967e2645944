import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useMemo, useState } from "preact/hooks";
import { countText } from "../format/quantities.ts";
import { useChanges } from "../live/changes.ts";
import { followRequests } from "../live/follow-requests.ts";
import { LatencyField } from "../live/latency-field.ts";
import { RequestFeed } from "../live/request-feed.ts";
import { useWatched } from "../live/use-watched.ts";
import { usePage } from "../page-context.ts";
import { useRowHeight, VirtualList } from "../parts/virtual-list.tsx";
import type { RequestFilters } from "../route.ts";
import { FieldChart } from "./field-chart.tsx";
import { RequestCells, RequestHead } from "./request-row.tsx";
import { RequestTools } from "./request-tools.tsx";
import { NoFigures } from "./workload-parts.tsx";

/** A minute, in quarters of a second; six rows for each decade of durations. */
const fieldShape = { columnMs: 250, columns: 240, rows: 36 } as const;

/** The requests as they end, or why there are none. */
export function RequestsView({ filters }: { readonly filters: RequestFilters }): VNode {
  const { fleet } = usePage();
  if (fleet.knowsRequests) return <LiveRequests filters={filters} />;
  return (
    <>
      <h1 tabIndex={-1}>Requests</h1>
      <NoFigures what="requests" />
    </>
  );
}

/** Newest first. */
function LiveRequests({ filters }: { readonly filters: RequestFilters }): VNode {
  const { fleet, go } = usePage();
  const { feed, refusal } = useFeed(filters);
  useChanges(feed);
  usePauseKey(feed);
  const rowHeight = useRowHeight(32, 44);
  const { ring, isPaused } = feed;
  return (
    <>
      <h1 tabIndex={-1}>Requests</h1>
      <FeedLead feed={feed} />
      <FieldChart feed={feed} aheadMs={fleet.aheadMs} />
      <RequestTools filters={filters} feed={feed} refusal={refusal} />
      {ring.length === 0 ? (
        <p class="list-none">{emptyText(filters, isPaused)}</p>
      ) : (
        <VirtualList
          label="Requests, newest first"
          class="requests"
          count={ring.length}
          rowHeight={rowHeight}
          head={<RequestHead />}
          rowKey={(at) => ring.at(at)?.id ?? String(at)}
          row={(at) => <RequestCells entry={ring.at(at)} hasApp={fleet.apps.length > 1} />}
          onOpen={(id) => go({ view: "request", id })}
          onLook={() => feed.setPaused(true)}
        />
      )}
    </>
  );
}

function emptyText(filters: RequestFilters, isPaused: boolean): string {
  if (isPaused) return "Stopped before the first request came.";
  if (Object.keys(filters).length > 0) return "No request like that, so far.";
  return "No request yet. They appear here as they end.";
}

/** A feed of the requests that are wanted; another one when others are. */
function useFeed(filters: RequestFilters): {
  readonly feed: RequestFeed;
  /** The server's word where a filter is none. */
  readonly refusal: string | undefined;
} {
  const { client } = usePage();
  const feed = useMemo(() => new RequestFeed(new LatencyField(fieldShape)), []);
  const [refusal, setRefusal] = useState<string>();
  const wanted = JSON.stringify(filters);
  const isWatched = useWatched();
  useEffect(() => {
    feed.setPaused(false);
    feed.clear();
    setRefusal(undefined);
  }, [wanted]);
  useEffect(() => {
    if (!isWatched) return undefined;
    const ended = new AbortController();
    void followRequests(client, feed, {
      query: { ...filters },
      signal: ended.signal,
      onRefused: setRefusal,
    });
    return () => ended.abort();
  }, [wanted, isWatched]);
  return { feed, refusal };
}

function usePauseKey(feed: RequestFeed): void {
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isFree = !(event.target instanceof Element) || !event.target.matches(takesSpace);
      if (event.key !== " " || event.defaultPrevented || !isFree) return;
      event.preventDefault();
      feed.setPaused(!feed.isPaused);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [feed]);
}

const takesSpace = "input, select, textarea, button, summary, a, dialog *";

function FeedLead({ feed }: { readonly feed: RequestFeed }): VNode {
  const { seen } = feed.counts;
  const count = `${countText(seen)} ${seen === 1 ? "request" : "requests"}`;
  return (
    <p class="lead">
      {feed.isPaused
        ? `Stopped after ${count}. Space goes on.`
        : `${count}, as they end. Space, or looking at a row, stops them.`}
    </p>
  );
}

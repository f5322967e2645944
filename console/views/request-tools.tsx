import type { VNode } from "preact";
import { countText } from "../format/quantities.ts";
import type { RequestFeed } from "../live/request-feed.ts";
import { usePage } from "../page-context.ts";
import { Outside } from "../parts/text-parts.tsx";
import type { RequestFilters } from "../route.ts";

interface ToolsProps {
  readonly filters: RequestFilters;
  readonly feed: RequestFeed;
  readonly refusal: string | undefined;
}

const statuses = ["2xx", "3xx", "4xx", "5xx"] as const;
const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;
const slownesses = [
  ["", "Any duration"],
  ["1", "over 1 ms"],
  ["10", "over 10 ms"],
  ["100", "over 100 ms"],
  ["1000", "over 1 s"],
] as const;

/** Which requests are wanted: it is in the address, so that it can be kept and sent on. */
export function RequestTools({ filters, feed, refusal }: ToolsProps): VNode {
  const { go, fleet } = usePage();
  const change = (changes: {
    readonly [Name in keyof RequestFilters]?: string | undefined;
  }): void => go({ view: "requests", filters: withChanges(filters, changes) }, "replace");
  return (
    <form class="tools" role="search" onSubmit={(event) => event.preventDefault()}>
      <PathFilter filters={filters} onPath={(path) => change({ path })} />
      {fleet.apps.length > 1 && (
        <input
          class="control app-filter"
          type="search"
          placeholder="App"
          aria-label="Only requests of this app"
          value={filters.app ?? ""}
          onChange={({ currentTarget }) => change({ app: currentTarget.value.trim() })}
        />
      )}
      <select
        class="control"
        aria-label="Method"
        value={filters.method ?? ""}
        onChange={({ currentTarget }) => change({ method: currentTarget.value })}
      >
        <option value="">Any method</option>
        {methods.map((method) => (
          <option key={method}>{method}</option>
        ))}
      </select>
      <select
        class="control"
        aria-label="Duration"
        value={filters.slowerThanMs ?? ""}
        onChange={({ currentTarget }) => change({ slowerThanMs: currentTarget.value })}
      >
        {slownesses.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
      <StatusChips filters={filters} onStatus={(status) => change({ status })} />
      <Flag name="errors" text="Failed" {...{ filters, change }} />
      <Flag name="cold" text="Cold" {...{ filters, change }} />
      <Chosen name="component" {...{ filters, change }} />
      <Chosen name="traceId" {...{ filters, change }} />
      <span class="grow" />
      <FeedNotice feed={feed} />
      <button
        type="button"
        class="control pause"
        aria-pressed={feed.isPaused}
        onClick={() => {
          if (feed.isPaused) window.scrollTo({ top: 0 });
          feed.setPaused(!feed.isPaused);
        }}
      >
        {feed.isPaused ? "Go on" : "Stop"}
      </button>
      {refusal !== undefined && (
        <p class="is-failed tools-problem" role="alert">
          <Outside text={refusal} />
        </p>
      )}
    </form>
  );
}

function PathFilter({
  filters,
  onPath,
}: {
  readonly filters: RequestFilters;
  onPath(path: string): void;
}): VNode {
  return (
    <span class="with-key wide">
      <input
        class="control"
        type="search"
        placeholder="Path: /orders or */items*"
        aria-label="Filter by the beginning of the path, or a pattern with *"
        data-filter
        value={filters.path ?? ""}
        onInput={({ currentTarget }) => onPath(currentTarget.value.trim())}
      />
      <kbd aria-hidden="true">/</kbd>
    </span>
  );
}

function StatusChips({
  filters,
  onStatus,
}: {
  readonly filters: RequestFilters;
  onStatus(status: string): void;
}): VNode {
  const chosen = new Set((filters.status ?? "").split(",").filter((each) => each !== ""));
  return (
    <span class="chips" role="group" aria-label="Status">
      {statuses.map((status) => (
        <button
          key={status}
          type="button"
          class="chip"
          aria-pressed={chosen.has(status)}
          onClick={() => {
            const next = new Set(chosen);
            if (!next.delete(status)) next.add(status);
            onStatus([...next].toSorted().join(","));
          }}
        >
          {status}
        </button>
      ))}
    </span>
  );
}

function Flag({
  name,
  text,
  filters,
  change,
}: {
  readonly name: "errors" | "cold";
  readonly text: string;
  readonly filters: RequestFilters;
  change(changes: { readonly errors?: string; readonly cold?: string }): void;
}): VNode {
  const isOn = filters[name] === "true";
  return (
    <button
      type="button"
      class="chip"
      aria-pressed={isOn}
      onClick={() => change({ [name]: isOn ? "" : "true" })}
    >
      {text}
    </button>
  );
}

/** A filter that a link has set: it can be taken away. */
function Chosen({
  name,
  filters,
  change,
}: {
  readonly name: "component" | "traceId";
  readonly filters: RequestFilters;
  change(changes: { readonly component?: string; readonly traceId?: string }): void;
}): VNode | null {
  const value = filters[name];
  if (value === undefined) return null;
  const word = name === "traceId" ? "trace" : name;
  return (
    <button
      type="button"
      class="chip chosen"
      aria-label={`No longer only ${word} ${value}`}
      onClick={() => change({ [name]: "" })}
    >
      {word} <Outside text={value.length > 12 ? `${value.slice(0, 8)}…` : value} /> ×
    </button>
  );
}

/** Empty ones are left out. */
function withChanges(
  filters: RequestFilters,
  changes: { readonly [Name in keyof RequestFilters]?: string | undefined },
): RequestFilters {
  const all = Object.entries({ ...filters, ...changes });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined && value !== ""));
}

/** What is not seen, and why. */
function FeedNotice({ feed }: { readonly feed: RequestFeed }): VNode {
  const { held, lost } = feed.counts;
  return (
    <>
      {held > 0 && <span class="notice quiet">{countText(held)} more since</span>}
      {lost > 0 && <span class="notice">{countText(lost)} too fast to be shown</span>}
    </>
  );
}

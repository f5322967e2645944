import type { VNode } from "preact";
import { useRef, useState } from "preact/hooks";
import { countHealth, fleetHeadline, type HealthCounts } from "../format/headline.ts";
import { countText, durationQuantity, quantityText, rateText } from "../format/quantities.ts";
import type { Fleet, FleetApp } from "../live/fleet.ts";
import { useChanges } from "../live/changes.ts";
import { usePage } from "../page-context.ts";
import { useRowHeight, VirtualList } from "../parts/virtual-list.tsx";
import { type AppFilter, type AppOrder, filterApps, keepOrder, orderApps } from "./app-order.ts";
import { AppCells, AppHead } from "./app-row.tsx";
import { WorkloadCells, WorkloadHead } from "./workload-row.tsx";

const firstOrder: AppOrder = { column: "health", isDescending: true };
const noFilter: AppFilter = { text: "", health: "all" };

/** All apps and how they are. */
export function AppsView(): VNode {
  const { fleet, go } = usePage();
  useChanges(fleet);
  const [order, setOrder] = useState(firstOrder);
  const [filter, setFilter] = useState(noFilter);
  const rowHeight = useRowHeight(44, 68);
  const { apps, knowsRequests } = fleet;
  const [Head, Cells] = knowsRequests ? [AppHead, AppCells] : [WorkloadHead, WorkloadCells];
  const hold = useRef(false);
  const shown = useSteadyOrder(filterApps(apps, filter), order, hold);
  return (
    <>
      <h1 tabIndex={-1}>{fleet.isLoaded ? fleetHeadline(countHealth(summaries(fleet))) : "…"}</h1>
      <Lead fleet={fleet} />
      {apps.length > 1 && (
        <AppTools filter={filter} onFilter={setFilter} shown={shown.length} total={apps.length} />
      )}
      {shown.length === 0 ? (
        <NoApps fleet={fleet} />
      ) : (
        <VirtualList
          label="Apps"
          class={knowsRequests ? "apps" : "apps workloads"}
          count={shown.length}
          rowHeight={rowHeight}
          head={<Head order={order} onOrder={setOrder} />}
          rowKey={(at) => shown[at]?.summary.id ?? String(at)}
          row={(at) => <Cells app={shown[at]} />}
          onHold={(isHeld) => {
            hold.current = isHeld;
          }}
          onOpen={(id) => go({ view: "app", id })}
        />
      )}
    </>
  );
}

/** Sorted, but as before while somebody is about to choose a row. */
function useSteadyOrder(
  apps: readonly FleetApp[],
  order: AppOrder,
  hold: { readonly current: boolean },
): FleetApp[] {
  const kept = useRef<{ readonly order: AppOrder; readonly ids: readonly string[] } | null>(null);
  const isSteady = hold.current && kept.current?.order === order;
  const shown = isSteady ? keepOrder(apps, kept.current?.ids ?? []) : orderApps(apps, order);
  if (!isSteady) kept.current = { order, ids: shown.map(({ summary }) => summary.id) };
  return shown;
}

function summaries(fleet: Fleet): Fleet["apps"][number]["summary"][] {
  return fleet.apps.map(({ summary }) => summary);
}

/** What all of them do, in a sentence. */
function Lead({ fleet }: { readonly fleet: Fleet }): VNode {
  const { totals, knowsRequests } = fleet;
  if (!knowsRequests) return <p class="lead">As the API server says, kept up to date.</p>;
  if (totals === undefined) return <p class="lead">Waiting for the first figures …</p>;
  const coldPerSecond = totals.coldStartsPerSecond;
  const parts = [
    `${rateText(totals.requestsPerSecond)} requests a second`,
    totals.p99Ms === undefined
      ? undefined
      : `99 of 100 within ${quantityText(durationQuantity(totals.p99Ms))}`,
    totals.errorsPerSecond > 0 ? `${rateText(totals.errorsPerSecond)} failing` : "none failing",
    coldPerSecond > 0 ? `${rateText(coldPerSecond)} cold starts a second` : undefined,
  ];
  return <p class="lead">{parts.filter((part) => part !== undefined).join(", ")}.</p>;
}

interface ToolsProps {
  readonly filter: AppFilter;
  readonly shown: number;
  readonly total: number;
  onFilter(filter: AppFilter): void;
}

const choices = [
  { health: "all", text: "All" },
  { health: "troubled", text: "Need attention" },
  { health: "busy", text: "Busy" },
  { health: "idle", text: "Idle" },
] as const;

function AppTools({ filter, shown, total, onFilter }: ToolsProps): VNode {
  const { fleet } = usePage();
  const { knowsRequests } = fleet;
  // Whether an app is busy is told by its requests.
  const isKnown = ({ health }: (typeof choices)[number]): boolean =>
    knowsRequests || health !== "busy";
  const input = useRef<HTMLInputElement>(null);
  const counts = countHealth(summaries(fleet));
  return (
    <form class="tools" role="search" onSubmit={(event) => event.preventDefault()}>
      <span class="with-key wide">
        <input
          ref={input}
          class="control"
          type="search"
          placeholder={knowsRequests ? "Name, route or reason" : "Name or reason"}
          aria-label="Filter apps by name, route or reason"
          data-filter
          value={filter.text}
          onInput={({ currentTarget }) => onFilter({ ...filter, text: currentTarget.value })}
        />
        <kbd aria-hidden="true">/</kbd>
      </span>
      {choices.filter(isKnown).map(({ health, text }) => (
        <button
          key={health}
          type="button"
          class="chip"
          aria-pressed={filter.health === health}
          onClick={() => onFilter({ ...filter, health })}
        >
          {text} <span class="unit">{countText(countOf(counts, health))}</span>
        </button>
      ))}
      <span class="grow" />
      <span class="faint" role="status">
        {shown === total ? "" : `${countText(shown)} of ${countText(total)}`}
      </span>
    </form>
  );
}

function countOf(counts: HealthCounts, health: AppFilter["health"]): number {
  switch (health) {
    case "all":
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    case "troubled":
      return counts.failing + counts.degraded;
    case "busy":
      return counts.failing + counts.degraded + counts.healthy;
    case "idle":
      return counts.idle + counts.pending;
  }
}

function NoApps({ fleet }: { readonly fleet: Fleet }): VNode {
  if (!fleet.isLoaded) return <p class="list-none">Asking for the apps …</p>;
  return (
    <p class="list-none">
      {fleet.apps.length === 0 ? "Nothing runs here yet." : "No app is like that."}
    </p>
  );
}

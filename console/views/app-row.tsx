import type { VNode } from "preact";
import { memo } from "../parts/memo.ts";
import type { AppSummary } from "../../runtime/telemetry/admin/console-api.ts";
import {
  bytesQuantity,
  countText,
  durationQuantity,
  quantityText,
  rateText,
  shareText,
} from "../format/quantities.ts";
import { healthWords } from "../format/headline.ts";
import type { FleetApp } from "../live/fleet.ts";
import { HealthGlyph } from "../parts/health-glyph.tsx";
import { LaneScale, LatencyLane, Meter, Sparkline } from "../parts/small-charts.tsx";
import { Figure, Link, Outside } from "../parts/text-parts.tsx";
import { type AppColumn, type AppOrder, errorShare, hostOf } from "./app-order.ts";

/** How the table is sorted. */
export interface HeadProps {
  readonly order: AppOrder;
  onOrder(order: AppOrder): void;
}

/** The head of the table: each column sorts by itself, largest first, then the other way. */
export function AppHead({ order, onOrder }: HeadProps): VNode {
  const column = (name: AppColumn, text: string, more = ""): VNode => (
    <HeadCell key={name} {...{ name, text, order, onOrder }} class={more} />
  );
  return (
    <>
      <NameHead {...{ order, onOrder }} />
      {column("requests", "Requests/s")}
      <span role="columnheader" class="latency" aria-sort={sortOf(order, "latency")}>
        <LaneScale />
        <SortButton name="latency" text="p99" {...{ order, onOrder }} />
      </span>
      {column("errors", "Errors", "right")}
      {column("memory", "Guest memory", "at-wide")}
      {column("cold", "Cold starts", "right")}
    </>
  );
}

/** The head of the column of names, which sorts by health or by name. */
export function NameHead({ order, onOrder }: HeadProps): VNode {
  return (
    <span role="columnheader" aria-sort={sortOf(order, "name")}>
      <SortButton name="health" text="Health" {...{ order, onOrder }} />
      {", "}
      <SortButton name="name" text="app" {...{ order, onOrder }} />
    </span>
  );
}

interface SortProps extends HeadProps {
  readonly name: AppColumn;
  readonly text: string;
}

/** The head of a column that sorts by itself. */
export function HeadCell({ class: more, ...sort }: SortProps & { readonly class: string }): VNode {
  return (
    <span role="columnheader" class={more} aria-sort={sortOf(sort.order, sort.name)}>
      <SortButton {...sort} />
    </span>
  );
}

function SortButton({ name, text, order, onOrder }: SortProps): VNode {
  const isSorted = order.column === name;
  return (
    <button
      type="button"
      class={isSorted ? "is-sorted" : ""}
      onClick={() =>
        onOrder({ column: name, isDescending: isSorted ? !order.isDescending : name !== "name" })
      }
    >
      {text}
      <span class="sort-arrow" aria-hidden="true">
        {isSorted ? (order.isDescending ? "↓" : "↑") : ""}
      </span>
    </button>
  );
}

function sortOf(order: AppOrder, name: AppColumn): "ascending" | "descending" | "none" {
  const isSorted = order.column === name || (name === "name" && order.column === "health");
  if (!isSorted) return "none";
  return order.isDescending ? "descending" : "ascending";
}

/** The cells of one app. */
export const AppCells = memo(function AppCells({
  app,
}: {
  readonly app: FleetApp | undefined;
}): VNode | null {
  if (app === undefined) return null;
  const { summary, rates } = app;
  const { usage } = summary;
  const isStill = usage.requestsPerSecond === 0;
  return (
    <>
      <AppName summary={summary} />
      <span role="gridcell" class={`rate${isStill ? " faint" : ""}`}>
        <span class="right">{rateText(usage.requestsPerSecond)}</span>
        <span class="at-desk">
          <Sparkline values={rates} />
        </span>
      </span>
      <span role="gridcell" class="latency" aria-label={latencyText(usage)}>
        <LatencyLane p50Ms={usage.p50Ms} p99Ms={usage.p99Ms} />
        <Figure of={durationQuantity(usage.p99Ms)} />
      </span>
      <ErrorsCell usage={usage} />
      <MemoryCell usage={usage} />
      <span role="gridcell" class="right at-desk">
        <span class={usage.coldStartsPerSecond > 0 ? "is-cold" : ""}>
          {countText(usage.coldStartsTotal)}
        </span>
      </span>
    </>
  );
});

/** The cell of an app's name, its health and why. */
export function AppName({ summary }: { readonly summary: AppSummary }): VNode {
  return (
    <span role="gridcell" class="app-name">
      <HealthGlyph health={summary.health} />
      <span>
        <span class="clip">
          <Link to={{ view: "app", id: summary.id }} tabIndex={-1}>
            <Outside text={summary.id} />
          </Link>
        </span>
        <span class="clip app-why">
          <Outside text={whyText(summary)} />
        </span>
      </span>
    </span>
  );
}

function ErrorsCell({ usage }: { readonly usage: AppSummary["usage"] }): VNode {
  const share = errorShare(usage);
  return (
    <span
      role="gridcell"
      class={`right at-desk${share !== undefined && share > 0 ? " is-failed" : " faint"}`}
    >
      {shareText(share)}
    </span>
  );
}

function MemoryCell({ usage }: { readonly usage: AppSummary["usage"] }): VNode {
  const { memoryBytes, memoryLimitBytes } = usage;
  const share =
    memoryBytes === undefined || memoryLimitBytes === undefined
      ? undefined
      : memoryBytes / memoryLimitBytes;
  return (
    <span role="gridcell" class="memory at-wide at-desk">
      <small>
        <Figure of={bytesQuantity(memoryBytes)} />
        {memoryLimitBytes !== undefined && (
          <span class="faint">of {quantityText(bytesQuantity(memoryLimitBytes))}</span>
        )}
      </small>
      <Meter share={share} />
    </span>
  );
}

/** Where it is asked, and how it is. */
function whyText({ health, healthReason, triggers, url }: AppSummary): string {
  const host = hostOf(url);
  const where = host === "" ? "" : `${host}  `;
  if (healthReason !== "") return where + healthReason;
  const sources = triggers.map(({ source }) => source).filter((source) => source !== undefined);
  return where + (sources.length > 0 ? sources.join("  ") : healthWords[health]);
}

function latencyText({ p50Ms, p99Ms }: AppSummary["usage"]): string {
  if (p50Ms === undefined || p99Ms === undefined) return "no requests";
  const half = quantityText(durationQuantity(p50Ms));
  return `half within ${half}, 99 of 100 within ${quantityText(durationQuantity(p99Ms))}`;
}

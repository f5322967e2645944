import { setTimeout as delay } from "node:timers/promises";
import { errorText } from "../../runtime/error.ts";
import type { UsageSnapshot } from "../../runtime/telemetry/live/usage-snapshot.ts";
import { bytesText, durationText, rateText, shareText } from "./quantities.ts";
import { renderTop, type TopScreen } from "./render-top.ts";
import { pressKey } from "./top-keys.ts";
import type { Terminal } from "./terminal.ts";
import { sortRows, usageView } from "../../runtime/telemetry/live/usage-rows.ts";
import type { SortKey, UsageRow, UsageView } from "../../runtime/telemetry/live/usage-rows.ts";
import { printableText } from "../../runtime/telemetry/printable-text.ts";

export interface TopOptions {
  readonly title: string;
  readonly sort: SortKey;
  readonly intervalMs: number;
  readonly hasColors: boolean;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** One look. */
  usage(signal: AbortSignal): Promise<UsageSnapshot>;
}

/**
 * Shows the live table until a key or the signal ends it. A look that fails is told on the screen,
 * and tried again.
 */
export async function runTop(terminal: Terminal, options: TopOptions): Promise<void> {
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  let view: UsageView = { pid: 0, cpuShare: undefined, residentBytes: 0, rows: [] };
  let screen: TopScreen = firstScreen(terminal, options);
  const draw = (): void => terminal.show(renderTop(view, screen));
  terminal.listen({
    onKey: (key) => {
      const effect = pressKey(screen, key, view.rows.length);
      if (effect.kind === "end") ended.abort();
      if (effect.kind !== "screen") return;
      screen = effect.screen;
      draw();
    },
    onResize: () => {
      screen = { ...screen, columns: terminal.columns, rows: terminal.rows };
      draw();
    },
  });
  let previous: UsageSnapshot | undefined;
  while (!signal.aborted) {
    try {
      if (!screen.isPaused) {
        const current = await options.usage(signal);
        view = usageView(current, previous);
        previous = current;
      }
      screen = { ...screen, problem: undefined };
    } catch (error) {
      screen = { ...screen, problem: errorText(error) };
    }
    if (signal.aborted) return;
    draw();
    await pause(options.intervalMs, signal);
  }
}

function firstScreen(terminal: Terminal, { hasColors, sort, title }: TopOptions): TopScreen {
  const { columns, rows } = terminal;
  return { columns, rows, hasColors, sort, title, isPaused: false, scroll: 0, problem: undefined };
}

/** For programs: one JSON object for each look, from the second one on, which has rates. */
export async function printTop(
  options: Pick<TopOptions, "usage" | "intervalMs" | "signal" | "sort">,
  { format, looksMax, write }: PlainOutput,
): Promise<void> {
  let previous = await options.usage(options.signal);
  for (let look = 0; look < looksMax; look++) {
    await pause(options.intervalMs, options.signal);
    if (options.signal.aborted) return;
    const current = await options.usage(options.signal);
    const view = usageView(current, previous);
    previous = current;
    const rows = sortRows(view.rows, options.sort);
    if (format === "json") write(`${JSON.stringify({ event: "usage", ...view, rows })}\n`);
    else write(rows.map((row) => `${plainRow(row)}\n`).join(""));
  }
}

export interface PlainOutput {
  readonly format: "text" | "json";
  /** Ends after so many; Infinity for no end. */
  readonly looksMax: number;
  write(text: string): void;
}

function plainRow(row: UsageRow): string {
  return [
    printableText(`${row.app}/${row.component}`),
    `${rateText(row.requestsPerSecond)} req/s`,
    `p50 ${durationText(row.p50Ms)}`,
    `p99 ${durationText(row.p99Ms)}`,
    `${rateText(row.errorsPerSecond)} err/s`,
    `memory ${bytesText(row.memoryBytes)}`,
    `cpu ${shareText(row.cpuShare)}`,
    `cold ${row.coldStarts}`,
  ].join("  ");
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

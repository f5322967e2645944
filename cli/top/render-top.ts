import { styleText } from "node:util";
import { printableText } from "../../runtime/telemetry/printable-text.ts";
import { bytesText, durationText, rateText, shareText } from "./quantities.ts";
import { fitText } from "./text-width.ts";
import { sortRows } from "../../runtime/telemetry/live/usage-rows.ts";
import type { SortKey, UsageRow, UsageView } from "../../runtime/telemetry/live/usage-rows.ts";

/** What is on the screen besides the figures. */
export interface TopScreen {
  readonly columns: number;
  readonly rows: number;
  readonly hasColors: boolean;
  readonly sort: SortKey;
  readonly isPaused: boolean;
  /** Lines of the table above the first one that is shown. */
  readonly scroll: number;
  /** What went wrong at the last look. */
  readonly problem: string | undefined;
  /** Which process this is. */
  readonly title: string;
}

interface Column {
  readonly key: SortKey | undefined;
  readonly name: string;
  readonly width: number;
  /** Without it the table is still of use: the first to go on a narrow terminal is the highest. */
  readonly rank: number;
  text(row: UsageRow): string;
}

const columns: readonly Column[] = [
  {
    key: "requests",
    name: "REQ/S",
    width: 8,
    rank: 0,
    text: (row) => rateText(row.requestsPerSecond),
  },
  { key: "p50", name: "P50", width: 8, rank: 2, text: (row) => durationText(row.p50Ms) },
  { key: "p99", name: "P99", width: 8, rank: 1, text: (row) => durationText(row.p99Ms) },
  { key: "errors", name: "ERR/S", width: 7, rank: 0, text: (row) => rateText(row.errorsPerSecond) },
  { key: undefined, name: "ERR%", width: 6, rank: 3, text: (row) => shareText(row.errorShare) },
  { key: undefined, name: "BUSY", width: 6, rank: 5, text: (row) => String(row.inFlight) },
  { key: "memory", name: "MEMORY", width: 9, rank: 1, text: (row) => bytesText(row.memoryBytes) },
  {
    key: undefined,
    name: "LIMIT",
    width: 9,
    rank: 6,
    text: (row) => bytesText(row.memoryLimitBytes),
  },
  { key: "cpu", name: "CPU", width: 6, rank: 2, text: (row) => shareText(row.cpuShare) },
  { key: "cold", name: "COLD", width: 6, rank: 4, text: (row) => String(row.coldStarts) },
  { key: undefined, name: "LIMITS", width: 7, rank: 7, text: (row) => String(row.limitHits) },
];

const nameColumnsMin = 16;
const nameColumnsMax = 40;

/** The whole screen: exactly as many lines as it has, each exactly as wide. */
export function renderTop(view: UsageView, screen: TopScreen): string[] {
  const shown = shownColumns(screen.columns);
  const widths = shown.reduce((sum, { width }) => sum + width, 0);
  const nameColumns = Math.max(1, Math.min(nameColumnsMax, screen.columns - widths));
  const body = Math.max(0, screen.rows - 4);
  const sorted = sortRows(view.rows, screen.sort);
  const first = clampScroll(screen.scroll, sorted.length, screen.rows);
  const lines = [
    fit(headline(view, screen), screen),
    fit("", screen),
    styled(screen, "inverse", fit(tableHead(shown, nameColumns, screen.sort), screen)),
    ...sorted
      .slice(first, first + body)
      .map((row) => tableRow(row, { shown, nameColumns, screen })),
  ];
  if (sorted.length === 0 && body > 0) lines.push(fit("no requests yet", screen));
  while (lines.length < screen.rows - 1) lines.push(fit("", screen));
  lines.push(styled(screen, "dim", fit(footer(sorted.length, first + body, screen), screen)));
  return lines.slice(0, screen.rows);
}

/** How far the table can be scrolled. */
export function clampScroll(scroll: number, length: number, rows: number): number {
  return Math.max(0, Math.min(scroll, length - Math.max(0, rows - 4)));
}

/** Those that fit beside the name, in their order. */
function shownColumns(width: number): readonly Column[] {
  const kept = new Set(columns);
  const widthOf = (): number => [...kept].reduce((sum, column) => sum + column.width, 0);
  for (const column of columns.toSorted((a, b) => b.rank - a.rank)) {
    if (widthOf() + nameColumnsMin <= width) break;
    kept.delete(column);
  }
  return columns.filter((column) => kept.has(column));
}

function headline(view: UsageView, { title, isPaused, problem }: TopScreen): string {
  const total = view.rows.reduce((sum, row) => sum + row.requestsPerSecond, 0);
  const process = `pid ${view.pid}  cpu ${shareText(view.cpuShare)}  memory ${bytesText(view.residentBytes)}`;
  const state =
    problem === undefined ? (isPaused ? "  [paused]" : "") : `  [${printableText(problem)}]`;
  return `whorl top  ${printableText(title)}  ${process}  ${rateText(total)} req/s${state}`;
}

function tableHead(shown: readonly Column[], nameColumns: number, sort: SortKey): string {
  const mark = (name: string, isSorted: boolean): string => (isSorted ? `${name}*` : name);
  const cells = shown.map(({ key, name, width }) =>
    fitText(mark(name, key === sort), width, "right"),
  );
  return fitText(mark("APP/COMPONENT", sort === "name"), nameColumns) + cells.join("");
}

function tableRow(
  row: UsageRow,
  {
    shown,
    nameColumns,
    screen,
  }: {
    readonly shown: readonly Column[];
    readonly nameColumns: number;
    readonly screen: TopScreen;
  },
): string {
  const name = printableText(`${row.app}/${row.component}`);
  const cells = shown.map((column) => fitText(column.text(row), column.width, "right"));
  const line = fit(
    fitText(name, nameColumns - 1) + (nameColumns > 1 ? " " : "") + cells.join(""),
    screen,
  );
  return row.errorsPerSecond > 0 ? styled(screen, "red", line) : line;
}

function footer(length: number, end: number, { columns: width }: TopScreen): string {
  const more = length > end ? `${length - end} more below  ` : "";
  const keys =
    width >= 100
      ? "sort: r requests  5 p50  9 p99  e errors  m memory  c cpu  s cold  n name   space pause  q quit"
      : "r 5 9 e m c s n sort  space pause  q quit";
  return more + keys;
}

function fit(text: string, { columns: width }: TopScreen): string {
  return fitText(text, width);
}

function styled({ hasColors }: TopScreen, style: "inverse" | "dim" | "red", text: string): string {
  return hasColors ? styleText(style, text, { validateStream: false }) : text;
}

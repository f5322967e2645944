import { describe, expect, test } from "vitest";
import { renderTop, type TopScreen } from "./render-top.ts";
import { textWidth } from "./text-width.ts";
import { pressKey } from "./top-keys.ts";
import type { UsageRow, UsageView } from "../../runtime/telemetry/live/usage-rows.ts";

const idle: UsageRow = {
  app: "shop",
  component: "cart",
  requestsPerSecond: 0,
  p50Ms: undefined,
  p99Ms: undefined,
  errorsPerSecond: 0,
  errorShare: 0,
  coldStartsPerSecond: 0,
  inFlight: 0,
  requests: 0,
  errors: 0,
  coldStarts: 0,
  limitHits: 0,
  memoryBytes: undefined,
  memoryLimitBytes: undefined,
  cpuShare: undefined,
  busyInstances: undefined,
  idleInstances: undefined,
};

const busy: UsageRow = {
  ...idle,
  component: "search",
  requestsPerSecond: 1234.5,
  p50Ms: 0.085,
  p99Ms: 12.34,
  errorsPerSecond: 0.5,
  errorShare: 0.0004,
  inFlight: 3,
  coldStarts: 1,
  limitHits: 2,
  memoryBytes: 17 * 1024 * 1024,
  memoryLimitBytes: 128 * 1024 * 1024,
  cpuShare: 0.42,
};

const view: UsageView = {
  pid: 4711,
  cpuShare: 0.5,
  residentBytes: 93 * 1024 * 1024,
  rows: [idle, busy],
};

const screen: TopScreen = {
  columns: 110,
  rows: 9,
  hasColors: false,
  sort: "requests",
  isPaused: false,
  scroll: 0,
  problem: undefined,
  title: "shop",
};

/** As a person sees it; spaces at the ends of lines say nothing. */
function seen(changed: Partial<TopScreen> = {}, shown: UsageView = view): string {
  return renderTop(shown, { ...screen, ...changed })
    .map((line) => line.trimEnd())
    .join("\n");
}

describe("renderTop", () => {
  test("a wide screen has every column", () => {
    expect(seen()).toMatchInlineSnapshot(`
      "whorl top  shop  pid 4711  cpu 50%  memory 93.0MiB  1235 req/s

      APP/COMPONENT                   REQ/S*     P50     P99  ERR/S  ERR%  BUSY   MEMORY    LIMIT   CPU  COLD LIMITS
      shop/search                       1235    85us  12.3ms    0.5  0.0%     3  17.0MiB   128MiB   42%     1      2
      shop/cart                            0       -       -      0    0%     0        -        -     -     0      0



      sort: r requests  5 p50  9 p99  e errors  m memory  c cpu  s cold  n name   space pause  q quit"
    `);
  });

  test("a narrow one leaves out what is needed least", () => {
    expect(seen({ columns: 60, rows: 7 })).toMatchInlineSnapshot(`
      "whorl top  shop  pid 4711  cpu 50%  memory 93.0MiB  1235 re…

      APP/COMPONENT           REQ/S*     P99  ERR/S   MEMORY   CPU
      shop/search               1235  12.3ms    0.5  17.0MiB   42%
      shop/cart                    0       -      0        -     -

      r 5 9 e m c s n sort  space pause  q quit"
    `);
  });

  test("sorted by name, paused, with a problem and more rows than fit", () => {
    const rows = Array.from({ length: 30 }, (_, at) => ({ ...idle, component: `c${at + 10}` }));
    expect(
      seen({ columns: 80, rows: 7, sort: "name", isPaused: true, scroll: 5 }, { ...view, rows }),
    ).toMatchInlineSnapshot(`
      "whorl top  shop  pid 4711  cpu 50%  memory 93.0MiB  0 req/s  [paused]

      APP/COMPONENT*     REQ/S     P50     P99  ERR/S  ERR%  BUSY   MEMORY   CPU  COLD
      shop/c15               0       -       -      0    0%     0        -     -     0
      shop/c16               0       -       -      0    0%     0        -     -     0
      shop/c17               0       -       -      0    0%     0        -     -     0
      22 more below  r 5 9 e m c s n sort  space pause  q quit"
    `);
    expect(seen({ problem: "gone\u001b[2J" })).toContain("[gone\\u001b[2J]");
  });

  test("without components it says so", () => {
    expect(seen({ columns: 40, rows: 6 }, { ...view, rows: [] })).toContain("no requests yet");
  });

  test.each([
    [80, 24],
    [20, 5],
    [200, 50],
    [1, 1],
    [3, 4],
    [60, 2],
  ])("a screen of %i columns and %i rows is filled exactly", (columns, rows) => {
    const lines = renderTop(view, { ...screen, columns, rows });
    expect(lines).toHaveLength(rows);
    for (const line of lines) expect(textWidth(line)).toBe(columns);
  });

  test("names are not obeyed by the terminal, and wide characters keep the columns straight", () => {
    const rows = [
      { ...idle, app: "\u001b]0;evil\u0007", component: "x" },
      { ...idle, app: "買い物", component: "カート".repeat(20) },
    ];
    const lines = renderTop({ ...view, rows }, screen);
    expect(lines.join("")).not.toContain("\u001b");
    for (const line of lines) expect(textWidth(line)).toBe(screen.columns);
  });

  test("with colours the text is the same", () => {
    const plain = renderTop(view, screen);
    const colored = renderTop(view, { ...screen, hasColors: true });
    expect(colored.join("")).toContain("\u001b[31m");
    // oxlint-disable-next-line no-control-regex -- what is removed are the colours
    expect(colored.map((line) => line.replaceAll(/\u001b\[\d+m/g, ""))).toEqual(plain);
  });
});

describe("pressKey", () => {
  test.each([
    ["q", { kind: "end" }],
    ["\u0003", { kind: "end" }],
    ["x", { kind: "none" }],
    ["9", { kind: "screen", screen: { sort: "p99", scroll: 0 } }],
    ["m", { kind: "screen", screen: { sort: "memory" } }],
    [" ", { kind: "screen", screen: { isPaused: true } }],
    ["\u001b[B", { kind: "screen", screen: { scroll: 4 } }],
    ["\u001b[A", { kind: "screen", screen: { scroll: 2 } }],
    ["\u001b[6~", { kind: "screen", screen: { scroll: 13 } }],
  ])("%j", (key, expected) => {
    expect(pressKey({ ...screen, scroll: 3 }, key, 100)).toMatchObject(expected);
  });

  test("scrolling ends where the table does", () => {
    expect(pressKey(screen, "\u001b[A", 2)).toMatchObject({ screen: { scroll: 0 } });
    expect(pressKey({ ...screen, scroll: 99 }, "j", 10)).toMatchObject({ screen: { scroll: 5 } });
  });
});

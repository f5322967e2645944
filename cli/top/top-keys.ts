import { clampScroll, type TopScreen } from "./render-top.ts";
import type { SortKey } from "../../runtime/telemetry/live/usage-rows.ts";

/** What a key changes. */
export type KeyEffect =
  | { readonly kind: "screen"; readonly screen: TopScreen }
  | { readonly kind: "end" }
  | { readonly kind: "none" };

const sorts: Readonly<Record<string, SortKey>> = {
  r: "requests",
  "5": "p50",
  "9": "p99",
  e: "errors",
  m: "memory",
  c: "cpu",
  s: "cold",
  n: "name",
};

const scrolls: Readonly<Record<string, number>> = {
  "\u001b[A": -1,
  k: -1,
  "\u001b[B": 1,
  j: 1,
  "\u001b[5~": -10,
  "\u001b[6~": 10,
};

/** `key` is what a terminal in raw mode sends. */
export function pressKey(screen: TopScreen, key: string, rowCount: number): KeyEffect {
  if (key === "q" || key === "\u0003" || key === "\u001b") return { kind: "end" };
  const sort = sorts[key];
  if (sort !== undefined) return { kind: "screen", screen: { ...screen, sort, scroll: 0 } };
  const by = scrolls[key];
  if (by !== undefined) {
    const scroll = clampScroll(screen.scroll + by, rowCount, screen.rows);
    return { kind: "screen", screen: { ...screen, scroll } };
  }
  if (key !== " ") return { kind: "none" };
  return { kind: "screen", screen: { ...screen, isPaused: !screen.isPaused } };
}

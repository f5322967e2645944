import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { plotsOf } from "./plots.ts";
import type { Result } from "./results.ts";

const folder = fileURLToPath(new URL("../../docs/performance/", import.meta.url));

/** Writes the plots of these results where docs/performance.md shows them; the files. */
export function writePlots(results: ReadonlyMap<string, Result>): string[] {
  mkdirSync(folder, { recursive: true });
  return Object.entries(plotsOf(results)).map(([name, svg]) => {
    const file = join(folder, `${name}.svg`);
    writeFileSync(file, svg);
    return file;
  });
}

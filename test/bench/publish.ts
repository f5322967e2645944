/**
 * `npm run bench:publish -- MACHINE`: copies the newest result of each benchmark to
 * test/bench/published/MACHINE/, without anything that only this machine knows, draws the plots and
 * writes the figures of docs/performance.md anew. `--only cold,http` leaves the others as they are.
 * A result without verdicts (the machine was busy) does not replace one with them, except with
 * `--noisy`.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { withFigures } from "./figures-page.ts";
import { publishable } from "./publishable.ts";
import { newestOf, ownResults, publishedFolder, publishedResults, readResults } from "./results.ts";
import { writePlots } from "./write-plots.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    noisy: { type: "boolean", default: false },
  },
});
const [machine = ""] = positionals;
if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(machine)) {
  throw new Error("name the machine: npm run bench:publish -- epyc-2-cores");
}
const folder = join(publishedFolder, machine);
const earlier = newestOf(readResults(folder));
const chosen = [...newestOf(ownResults()).values()].filter(
  ({ name }) => values.only === undefined || values.only.split(",").includes(name),
);
mkdirSync(folder, { recursive: true });
const written: string[] = [];
for (const { name, noise, raw, date } of chosen) {
  const before = earlier.get(name);
  const isWorse = before !== undefined && before.noise === undefined && noise !== undefined;
  if (isWorse && !values.noisy) {
    console.log(`Kept what there is of ${name}: ${noise}`);
    continue;
  }
  const file = join(folder, `${name}.json`);
  const content = publishable({ ...raw, name, date }, hostname());
  writeFileSync(file, `${JSON.stringify(content, undefined, 1)}\n`);
  written.push(file);
}

const page = fileURLToPath(new URL("../../docs/performance.md", import.meta.url));
const published = newestOf(publishedResults());
writeFileSync(page, withFigures(readFileSync(page, "utf8"), published));
const plots = writePlots(published);
// Numbers side by side, columns aligned.
const formatter = fileURLToPath(new URL("../../node_modules/oxfmt/bin/oxfmt", import.meta.url));
const { status } = spawnSync(process.execPath, [formatter, page, ...written], { stdio: "inherit" });
if (status !== 0) throw new Error("the results could not be formatted");
for (const file of [...written, ...plots, page]) console.log(file);

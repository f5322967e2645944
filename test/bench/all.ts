/**
 * `npm run bench`: every benchmark, one after the other; says which ones could not be run. Names as
 * arguments run just those.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { benchmarks } from "./benchmarks.ts";

const names = [...benchmarks, "draw-plots"];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) throw new Error(`there is no ${unknown.join(", ")}: ${names.join(", ")}`);
const failed = (wanted.length > 0 ? wanted : names).filter((name) => {
  const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const { status } = spawnSync(process.execPath, [script], { stdio: "inherit" });
  return status !== 0;
});
if (failed.length > 0) {
  console.log(`Could not be run to the end: ${failed.join(", ")}`);
  process.exitCode = 1;
}

/** `npm run bench`: every benchmark, one after the other; says which ones could not be run. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const names = [
  ...["cold", "http", "density", "noisy", "bodies", "engine"],
  ...["spin", "images", "operator", "node", "soak", "draw-plots"],
];

const failed = names.filter((name) => {
  const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const { status } = spawnSync(process.execPath, [script], { stdio: "inherit" });
  return status !== 0;
});
if (failed.length > 0) {
  console.log(`Could not be run to the end: ${failed.join(", ")}`);
  process.exitCode = 1;
}

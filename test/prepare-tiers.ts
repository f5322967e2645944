/** `prepare-tiers.ts TIER...`: what these tiers have to have built; tells its parent of each one. */
import { tiers } from "./tiers.ts";

for (const name of process.argv.slice(2)) {
  try {
    tiers.find((tier) => tier.name === name)?.prepare?.();
  } catch (error) {
    console.log(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  process.send?.(name);
}
process.disconnect?.();

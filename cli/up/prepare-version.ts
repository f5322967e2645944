import { readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Rooms whose code decides what a prepared component looks like. */
const rooms = ["component", "abi", "prepare", "instance"];

/**
 * Names what prepared components depend on: the version, and in a checkout also the state of the
 * sources, so that a change of the engine is never served from yesterday's cache.
 */
export function prepareVersion(version: string): string {
  let newestMs = 0;
  let count = 0;
  try {
    for (const room of rooms) {
      const folder = fileURLToPath(new URL(`../../runtime/${room}/`, import.meta.url));
      for (const name of readdirSync(folder)) {
        newestMs = Math.max(newestMs, statSync(folder + name).mtimeMs);
        count++;
      }
    }
  } catch {
    // The bundle has no sources beside it.
    return version;
  }
  return `${version}+${count}.${Math.round(newestMs)}`;
}

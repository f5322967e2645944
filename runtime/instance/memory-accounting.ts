import { setFlagsFromString } from "node:v8";

/** Whose V8 is known to have the flag: others would complain of it on the terminal. */
const nodeWithFlag = /^26\./;

/**
 * Lets V8 count memories of guests together with its heap. By default it counts each of them as if
 * all of it were used, and marks the whole heap for every 64 MB: with 200 apps that was a
 * collection of a fifth of a second for every few of their requests, which freed next to nothing.
 * For all threads of the process; `npm run bench:cold` shows the difference.
 */
export function countMemoriesWithHeap(): void {
  if (!nodeWithFlag.test(process.versions.node)) return;
  setFlagsFromString("--external-memory-accounted-in-global-limit");
}

/** What a thread does between two requests, so that the second finds other things in the caches. */
export interface Pause {
  readonly name: string;
  work(): void;
}

const computingMs = 1;
const changedBytes = 64 * 1024 * 1024;
const cacheLineBytes = 64;

const memory = new Uint8Array(changedBytes);

/**
 * Computing touches no memory: what it costs the next request is not the program's own doing.
 * Changing more than the caches hold leaves nothing of the program in them.
 */
export const pauses: readonly Pause[] = [
  {
    name: "a millisecond of computing",
    work() {
      const endMs = performance.now() + computingMs;
      let value = 1;
      while (performance.now() < endMs) value = Math.imul(value, 48_271);
    },
  },
  {
    name: "changing 64 MB",
    work() {
      for (let at = 0; at < changedBytes; at += cacheLineBytes) memory[at] = (memory[at] ?? 0) + 1;
    },
  },
];

/**
 * The same inputs each time, so that a change is judged by what it changes. With
 * `WHORL_FUZZ_SECONDS=600` other ones, and for so long each: what fails then prints its seed.
 */
const searchSeconds = Number(process.env["WHORL_FUZZ_SECONDS"] ?? 0);
const isSearch = searchSeconds > 0;

/** For a test that fuzzes one component. */
export const fuzzingMs = isSearch ? searchSeconds * 1_000 : 5_000;

/** For `fc.assert`; a search that runs out of time has found nothing. */
export const fuzzing = {
  ...(isSearch ? {} : { seed: 20_261_122 }),
  numRuns: isSearch ? 100_000_000 : 100_000,
  interruptAfterTimeLimit: fuzzingMs,
  markInterruptAsFailure: false,
} as const;

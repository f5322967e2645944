/** wasi:clocks/wall-clock `datetime`: time since 1970. */
export interface Datetime {
  readonly seconds: bigint;
  /** Less than 1e9. */
  readonly nanoseconds: number;
}

const nsPerSecond = 1_000_000_000n;

/** The datetime of `ns` since 1970; undefined before 1970, which the type cannot express. */
export function datetimeOf(ns: bigint): Datetime | undefined {
  if (ns < 0n) return undefined;
  return { seconds: ns / nsPerSecond, nanoseconds: Number(ns % nsPerSecond) };
}

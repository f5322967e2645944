/** wasi:cli/types@0.3 `error-code`. */
export type CliErrorCode = "io" | "illegal-byte-sequence" | "pipe";

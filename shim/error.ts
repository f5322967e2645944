/**
 * What can go wrong in the shim, as a closed set; `ttrpc/status.ts` maps each to its status on the
 * wire, by which containerd decides what to do.
 */
export const shimErrorCodes = {
  /** No such container, process or sandbox; also a signal to a process that has ended. */
  not_found: "not_found",
  already_exists: "already_exists",
  /** The request does not fit the state that the container is in. */
  failed_precondition: "failed_precondition",
  /** The request cannot be understood, or the container's configuration cannot be used. */
  invalid_argument: "invalid_argument",
  /** Wasm containers cannot do this. */
  unimplemented: "unimplemented",
  /** The other side is gone, or does not answer any more. */
  unavailable: "unavailable",
  /** The caller's time is over. */
  deadline_exceeded: "deadline_exceeded",
  canceled: "canceled",
  /** A bound of limits.ts was reached. */
  resource_exhausted: "resource_exhausted",
  /** The peer breaks the protocol. */
  data_loss: "data_loss",
  /** A mistake of ours or of the machine. */
  internal: "internal",
} as const;

export type ShimErrorCode = keyof typeof shimErrorCodes;

/** The one error class of the shim; the message says what happened, where, and what to do. */
export class ShimError extends Error {
  override readonly name = "ShimError";
  readonly code: ShimErrorCode;

  constructor(code: ShimErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** Any thrown value as a ShimError; what is none becomes `internal` with itself as cause. */
  static fromUnknown(error: unknown): ShimError {
    if (error instanceof ShimError) return error;
    return new ShimError("internal", errorText(error), { cause: error });
  }
}

/** Text of any thrown value, for messages. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

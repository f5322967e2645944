import { type ShimErrorCode, ShimError } from "../error.ts";

/** google.rpc.Code of every code of ours; the only place where the two meet. */
const statusOfCode: Readonly<Record<ShimErrorCode, number>> = {
  canceled: 1,
  invalid_argument: 3,
  deadline_exceeded: 4,
  not_found: 5,
  already_exists: 6,
  resource_exhausted: 8,
  failed_precondition: 9,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  data_loss: 15,
};

const codeOfStatus: ReadonlyMap<number, ShimErrorCode> = new Map(
  (Object.keys(statusOfCode) as ShimErrorCode[]).map((code) => [statusOfCode[code], code]),
);

/** What travels as google.rpc.Status. */
export interface WireStatus {
  readonly code: number;
  readonly message: string;
}

/** Status for any thrown value; what is not a ShimError is `internal`. */
export function toStatus(error: unknown): WireStatus {
  const { code, message } = ShimError.fromUnknown(error);
  return { code: statusOfCode[code], message };
}

/** Error for a status other than 0; codes that we never send become `internal`. */
export function fromStatus({ code, message }: WireStatus): ShimError {
  return new ShimError(codeOfStatus.get(code) ?? "internal", message);
}

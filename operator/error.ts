/**
 * What can go wrong in the operator, as a closed set. Callers decide by the code what to do: report
 * in a status, try again, end the program.
 */
export const operatorErrorCodes = {
  /** The command line or an option of the operator is wrong. */
  usage: "usage",
  /** The way to the cluster (kubeconfig, service account) is missing or wrong. */
  config: "config",
  /** The API server refused a request or could not be reached: see KubeError. */
  api: "api",
  /** What the API server sent cannot be understood. */
  protocol: "protocol",
  /** A custom resource asks for something that cannot be; trying again does not help. */
  invalid: "invalid",
  /** An object that is needed (executor, Secret, ConfigMap) is missing or lacks a key. */
  missing: "missing",
  /** An object of this name exists and belongs to somebody else. */
  not_ours: "not_ours",
  /** A bound of limits.ts was reached. */
  limit: "limit",
  /** Something took longer than its deadline. */
  timeout: "timeout",
  /** Another replica leads. */
  lease_lost: "lease_lost",
  /** The address to listen on cannot be had. */
  listen: "listen",
  /** A certificate cannot be made, read or trusted. */
  certificate: "certificate",
} as const;

export type OperatorErrorCode = keyof typeof operatorErrorCodes;

/** The one error class of the operator; the message says what happened, where, and what to do. */
export class OperatorError extends Error {
  override readonly name: string = "OperatorError";
  readonly code: OperatorErrorCode;

  constructor(code: OperatorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Text of any thrown value, for messages; with the cause where the text alone says little. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === "" ? error.name : error.message;
}

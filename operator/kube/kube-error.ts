import { OperatorError, errorText } from "../error.ts";

/** Reasons of `metav1.Status`, and two of our own for requests that got no Status. */
export const kubeReasons = {
  Unauthorized: "Unauthorized",
  Forbidden: "Forbidden",
  NotFound: "NotFound",
  AlreadyExists: "AlreadyExists",
  /** The object has changed since it was read, or another field manager owns a field. */
  Conflict: "Conflict",
  /** The object is gone for good (410 without Expired). */
  Gone: "Gone",
  /** A resourceVersion or continue token is too old (410): list again. */
  Expired: "Expired",
  /** The schema or a CEL rule refuses the object (422); `causes` says which field. */
  Invalid: "Invalid",
  BadRequest: "BadRequest",
  MethodNotAllowed: "MethodNotAllowed",
  NotAcceptable: "NotAcceptable",
  UnsupportedMediaType: "UnsupportedMediaType",
  RequestEntityTooLarge: "RequestEntityTooLarge",
  TooManyRequests: "TooManyRequests",
  ServerTimeout: "ServerTimeout",
  Timeout: "Timeout",
  InternalError: "InternalError",
  ServiceUnavailable: "ServiceUnavailable",
  StoreReadError: "StoreReadError",
  /** The API server gave no reason that is known here. */
  Unknown: "Unknown",
  /** There was no answer: connection refused, cut, timed out, certificate not trusted. */
  Unreachable: "Unreachable",
} as const;

export type KubeReason = keyof typeof kubeReasons;

/** One field that the API server complains about. */
export interface StatusCause {
  readonly reason?: string;
  readonly field?: string;
  readonly message?: string;
}

/** `metav1.Status` as it is on the wire. */
export interface StatusBody {
  readonly kind?: string;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly StatusCause[];
  };
}

/** What is known about a failed request. */
export interface KubeErrorFacts {
  readonly reason: KubeReason;
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  readonly message: string;
  readonly causes?: readonly StatusCause[];
  /** How long the API server asks to wait. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

const reasonOfStatus: Readonly<Record<number, KubeReason>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Expired",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** A request to the API server that failed: the server's refusal, or no answer at all. */
export class KubeError extends OperatorError {
  override readonly name = "KubeError";
  readonly reason: KubeReason;
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  readonly causes: readonly StatusCause[];
  readonly retryAfterMs: number | undefined;

  constructor(facts: KubeErrorFacts) {
    super("api", facts.message, facts.cause === undefined ? {} : { cause: facts.cause });
    this.reason = facts.reason;
    this.status = facts.status;
    this.causes = facts.causes ?? [];
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** The error of a Status, of an answer or of an ERROR event; `request` is `GET /path`. */
export function errorOfStatus(body: StatusBody, request: string, httpStatus = 0): KubeError {
  const status = body.code ?? httpStatus;
  const seconds = body.details?.retryAfterSeconds;
  return new KubeError({
    reason: reasonOf(body.reason, status),
    status,
    message: `${request}: ${body.message ?? `answered ${status}`}`,
    causes: body.details?.causes ?? [],
    retryAfterMs: seconds === undefined ? undefined : seconds * 1000,
  });
}

/** The error of a request without an answer. */
export function unreachable(request: string, cause: unknown): KubeError {
  const message = `${request}: no answer from the API server (${deepText(cause)})`;
  return new KubeError({ reason: "Unreachable", status: 0, message, cause });
}

/** Whether an error is a refusal for one of these reasons. */
export function isKubeError(error: unknown, ...reasons: readonly KubeReason[]): error is KubeError {
  if (!(error instanceof KubeError)) return false;
  return reasons.length === 0 || reasons.includes(error.reason);
}

/** 410: what was asked for is no longer in the server's history. */
export function isExpired(error: unknown): error is KubeError {
  return isKubeError(error, "Expired", "Gone");
}

/** A resourceVersion of the future: the server's data is older than ours (restored, or behind). */
export function isVersionTooLarge(error: unknown): error is KubeError {
  return (
    error instanceof KubeError &&
    error.causes.some(({ reason }) => reason === "ResourceVersionTooLarge")
  );
}

function reasonOf(reason: string | undefined, status: number): KubeReason {
  if (reason !== undefined && Object.hasOwn(kubeReasons, reason)) return reason as KubeReason;
  return reasonOfStatus[status] ?? "Unknown";
}

/** fetch and sockets hide what happened in the cause. */
function deepText(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? errorText(error) : `${errorText(error)}: ${errorText(cause)}`;
}

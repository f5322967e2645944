/** wasi:http/types `DNS-error-payload`. */
export interface DnsErrorPayload {
  readonly rcode: string | undefined;
  readonly infoCode: number | undefined;
}

/** wasi:http/types `TLS-alert-received-payload`. */
export interface TlsAlertReceivedPayload {
  readonly alertId: number | undefined;
  readonly alertMessage: string | undefined;
}

/** wasi:http/types `field-size-payload`. */
export interface FieldSizePayload {
  readonly fieldName: string | undefined;
  readonly fieldSize: number | undefined;
}

/** The cases of wasi:http/types `error-code` that carry nothing. */
export type PlainErrorTag =
  | "DNS-timeout"
  | "destination-not-found"
  | "destination-unavailable"
  | "destination-IP-prohibited"
  | "destination-IP-unroutable"
  | "connection-refused"
  | "connection-terminated"
  | "connection-timeout"
  | "connection-read-timeout"
  | "connection-write-timeout"
  | "connection-limit-reached"
  | "TLS-protocol-error"
  | "TLS-certificate-error"
  | "HTTP-request-denied"
  | "HTTP-request-length-required"
  | "HTTP-request-method-invalid"
  | "HTTP-request-URI-invalid"
  | "HTTP-request-URI-too-long"
  | "HTTP-response-incomplete"
  | "HTTP-response-timeout"
  | "HTTP-upgrade-failed"
  | "HTTP-protocol-error"
  | "loop-detected"
  | "configuration-error";

/** wasi:http/types `error-code`. */
export type ErrorCode =
  | { readonly tag: PlainErrorTag; readonly val: undefined }
  | { readonly tag: "DNS-error"; readonly val: DnsErrorPayload }
  | { readonly tag: "TLS-alert-received"; readonly val: TlsAlertReceivedPayload }
  | {
      readonly tag: "HTTP-request-body-size" | "HTTP-response-body-size";
      readonly val: bigint | undefined;
    }
  | {
      readonly tag:
        | "HTTP-request-header-section-size"
        | "HTTP-request-trailer-section-size"
        | "HTTP-response-header-section-size"
        | "HTTP-response-trailer-section-size";
      readonly val: number | undefined;
    }
  | { readonly tag: "HTTP-request-header-size"; readonly val: FieldSizePayload | undefined }
  | {
      readonly tag:
        | "HTTP-request-trailer-size"
        | "HTTP-response-header-size"
        | "HTTP-response-trailer-size";
      readonly val: FieldSizePayload;
    }
  | {
      readonly tag:
        | "HTTP-response-transfer-coding"
        | "HTTP-response-content-coding"
        | "internal-error";
      readonly val: string | undefined;
    };

/** An `error-code` without payload. */
export function plainError(tag: PlainErrorTag): ErrorCode {
  return { tag, val: undefined };
}

/**
 * Carries an `error-code` through what only takes an Error: a stream's failure, an aborted
 * request. `http-error-code` finds it again as the cause of the guest's io-error.
 */
export class HttpFailure extends Error {
  readonly errorCode: ErrorCode;

  constructor(errorCode: ErrorCode, options?: ErrorOptions) {
    super(errorCodeText(errorCode), options);
    this.errorCode = errorCode;
  }
}

/** One line for logs and debug strings: `HTTP-response-body-size(12)`. */
export function errorCodeText(code: ErrorCode): string {
  const { tag, val } = code;
  if (val === undefined) return tag;
  return typeof val === "object" ? `${tag}(${JSON.stringify(val)})` : `${tag}(${val})`;
}

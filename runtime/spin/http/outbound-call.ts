/** `http-error` of fermyon:spin/http-types. */
export type HttpError =
  | "success"
  | "destination-not-allowed"
  | "invalid-url"
  | "request-error"
  | "runtime-error"
  | "too-many-requests";

/** `request` of fermyon:spin/http-types. */
export interface SpinRequest {
  readonly method: "get" | "post" | "put" | "delete" | "patch" | "head" | "options";
  /** Absolute, or beginning with `/` for the app itself. */
  readonly uri: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly params: readonly (readonly [string, string])[];
  readonly body: Uint8Array | undefined;
}

/** `response` of fermyon:spin/http-types. */
export interface SpinResponse {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

/** One request on its way, after redirects. */
export interface OutboundCall {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array | undefined;
}

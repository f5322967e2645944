import type { Readable } from "node:stream";

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One HTTP request to the API server. */
export interface TransportRequest {
  readonly method: HttpMethod;
  /** Path with query, from the root of the API server. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Until the answer begins, and between two pieces of it; 0 for none between pieces. */
  readonly headersMs: number;
  readonly bodyMs: number;
}

export interface TransportResponse {
  readonly status: number;
  header(name: string): string | undefined;
  /** Has to be read to the end or destroyed. */
  readonly body: Readable;
}

/** Sends requests with the credentials of the cluster. Rejects where there is no answer. */
export interface Transport extends AsyncDisposable {
  /** Host and port, for metrics and messages. */
  readonly host: string;
  send(request: TransportRequest): Promise<TransportResponse>;
  /** Credentials were refused (401): the next request reads them again. */
  forgetCredentials(): void;
}

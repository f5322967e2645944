import { Readable } from "node:stream";
import type { Transport, TransportRequest, TransportResponse } from "./transport.ts";

/** What a fake API server answers; a string is sent as it is, anything else as JSON. */
export interface FakeAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type FakeHandler = (request: TransportRequest) => FakeAnswer | Promise<FakeAnswer>;

/** A transport for tests that asks a function instead of a server, and remembers the requests. */
export class FakeApi implements Transport {
  readonly host = "fake";
  readonly requests: TransportRequest[] = [];
  /** How often credentials were to be read again. */
  forgotten = 0;
  readonly #handle: FakeHandler;

  constructor(handle: FakeHandler) {
    this.#handle = handle;
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    this.requests.push(request);
    const { status, body, headers = {} } = await untilAborted(this.#handle(request), request);
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return { status, header: (name) => headers[name], body: Readable.from([Buffer.from(text)]) };
  }

  forgetCredentials(): void {
    this.forgotten += 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }
}

/** `metav1.Status` with the answer that carries it. */
export function refusal(code: number, reason: string, message = reason): FakeAnswer {
  return { status: code, body: { kind: "Status", code, reason, message } };
}

/** Objects by the plural of their kind, listed once; watches stay silent. */
export function servedOnce(objects: Readonly<Record<string, readonly object[]>>): FakeApi {
  return new FakeApi(async ({ path }) => {
    if (path.includes("sendInitialEvents=true")) return refusal(422, "Invalid");
    if (path.includes("watch=true")) return await new Promise<never>(() => undefined);
    const plural = /\/([a-z]+)\?/u.exec(path)?.[1] ?? "";
    const items = objects[plural] ?? [];
    return { status: 200, body: { metadata: { resourceVersion: "1" }, items } };
  });
}

async function untilAborted(
  answer: FakeAnswer | Promise<FakeAnswer>,
  { signal }: TransportRequest,
): Promise<FakeAnswer> {
  if (signal === undefined) return await answer;
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const end = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", end);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

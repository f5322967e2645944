import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { type ShimErrorCode, ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";

interface Encoder<Fields> {
  encode(message: Fields): { finish(): Uint8Array };
}

interface Decoder<Message> {
  decode(bytes: Uint8Array): Message;
}

/** A method with the codecs of its request and its answer. */
export interface GrpcMethod<Fields, Answer> {
  /** `package.Service/Method`. */
  readonly name: string;
  readonly request: Encoder<Fields>;
  readonly answer: Decoder<Answer>;
}

/** For answers that say nothing of use. */
export const nothing: Decoder<undefined> = { decode: () => undefined };

const codes: Readonly<Partial<Record<status, ShimErrorCode>>> = {
  [status.NOT_FOUND]: "not_found",
  [status.ALREADY_EXISTS]: "already_exists",
  [status.UNAVAILABLE]: "unavailable",
  [status.DEADLINE_EXCEEDED]: "deadline_exceeded",
  [status.UNIMPLEMENTED]: "unimplemented",
  [status.CANCELLED]: "canceled",
  [status.FAILED_PRECONDITION]: "failed_precondition",
};

/** Calls over one gRPC socket, in one namespace of containerd. Throws ShimError. */
export class GrpcChannel implements Disposable {
  readonly #client: Client;
  readonly #namespace: string;

  /** `address`: path of the socket. */
  constructor(address: string, namespace = "k8s.io") {
    this.#client = new Client(`unix:${address}`, credentials.createInsecure(), {
      // A containerd that is being restarted is back in a moment.
      "grpc.max_reconnect_backoff_ms": 1000,
      "grpc.initial_reconnect_backoff_ms": 100,
    });
    this.#namespace = namespace;
  }

  call<Fields, Answer>(
    method: GrpcMethod<Fields, Answer>,
    fields: Fields,
    { lease, timeoutMs = shimLimits.agent.callMsMax }: { lease?: string; timeoutMs?: number } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        `/${method.name}`,
        encoder(method.request),
        (bytes) => method.answer.decode(bytes),
        fields,
        this.#metadata(lease),
        { deadline: Date.now() + timeoutMs },
        (error: ServiceError | null, value) => {
          if (error === null) resolve(value as Answer);
          else reject(fromGrpc(method.name, error));
        },
      );
    });
  }

  /** Sends all requests, then gives the last answer. */
  async exchange<Fields, Answer>(
    method: GrpcMethod<Fields, Answer>,
    requests: readonly Fields[],
    { lease }: { lease?: string } = {},
  ): Promise<Answer | undefined> {
    const stream = this.#client.makeBidiStreamRequest(
      `/${method.name}`,
      encoder(method.request),
      (bytes) => method.answer.decode(bytes),
      this.#metadata(lease),
      { deadline: Date.now() + shimLimits.agent.callMsMax },
    );
    for (const request of requests) stream.write(request);
    stream.end();
    let last: Answer | undefined;
    try {
      for await (const answer of stream) last = answer as Answer;
      return last;
    } catch (error) {
      throw fromGrpc(method.name, error);
    }
  }

  /** Answers until the server ends or `signal` aborts. */
  async *stream<Fields, Answer>(
    method: GrpcMethod<Fields, Answer>,
    fields: Fields,
    signal: AbortSignal,
  ): AsyncGenerator<Answer, void, undefined> {
    signal.throwIfAborted();
    const stream = this.#client.makeServerStreamRequest(
      `/${method.name}`,
      encoder(method.request),
      (bytes) => method.answer.decode(bytes),
      fields,
      this.#metadata(undefined),
    );
    const cancel = (): void => stream.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      for await (const answer of stream) yield answer as Answer;
    } catch (error) {
      signal.throwIfAborted();
      throw fromGrpc(method.name, error);
    } finally {
      signal.removeEventListener("abort", cancel);
      stream.cancel();
    }
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  #metadata(lease: string | undefined): Metadata {
    const metadata = new Metadata();
    metadata.set("containerd-namespace", this.#namespace);
    if (lease !== undefined) metadata.set("containerd-lease", lease);
    return metadata;
  }
}

function encoder<Fields>(request: Encoder<Fields>): (fields: Fields) => Buffer {
  return (fields) => Buffer.from(request.encode(fields).finish());
}

function fromGrpc(method: string, error: unknown): ShimError {
  const { code, details } = (error ?? {}) as Partial<ServiceError>;
  const text = `containerd: ${method.slice(method.lastIndexOf("/") + 1)}: ${details ?? String(error)}`;
  return new ShimError((code !== undefined && codes[code]) || "internal", text, { cause: error });
}

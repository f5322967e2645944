import type { FutureReader, HostFunction, StreamReader } from "../../../instance/host-interface.ts";
import type { WasiContext } from "../../context.ts";
import { ExchangeBody } from "../exchange-body.ts";
import type { IncomingExchange } from "../exchange.ts";
import { Fields } from "../fields.ts";
import { methodVariant, schemeVariant } from "../method.ts";
import type { Method, Scheme } from "../method.ts";
import { RequestHead } from "../request-head.ts";
import type { RequestParts } from "../request-target.ts";
import { MadeContents, ReceivedContents } from "./contents.ts";
import type { ConsumedContents, Contents, TrailersResult, Transmission } from "./contents.ts";
import type { RequestOptions03 } from "./request-options.ts";

/** wasi:http/types@0.3 `request`: one that a guest makes, or one that came in. */
export class Request03 extends RequestHead implements RequestParts {
  readonly contents: Contents;
  readonly options: RequestOptions03 | undefined;
  readonly #headers: () => Fields;
  #isTaken = false;

  constructor(headers: () => Fields, contents: Contents, options: RequestOptions03 | undefined) {
    super();
    this.#headers = headers;
    this.contents = contents;
    this.options = options;
  }

  /** What a trigger received. */
  static received(exchange: IncomingExchange): Request03 {
    let headers: Fields | undefined;
    const contents = new ReceivedContents(new ExchangeBody(exchange));
    const request = new Request03(
      () => (headers ??= Fields.received(exchange.headers)),
      contents,
      undefined,
    );
    request.method = methodVariant(exchange.method);
    request.scheme = schemeVariant(exchange.scheme);
    request.authority = exchange.authority;
    request.pathWithQuery = exchange.pathWithQuery;
    return request;
  }

  get headers(): Fields {
    return this.#headers();
  }

  /** Whoever takes it uses its contents; dropping it does nothing any more. */
  take(): Contents {
    this.#isTaken = true;
    return this.contents;
  }

  drop(): void {
    if (!this.#isTaken) this.contents.drop();
  }
}

function newRequest(
  _: WasiContext,
  ...[headers, stream, trailers, options]: [
    headers: Fields,
    stream: StreamReader<Uint8Array> | undefined,
    trailers: FutureReader<TrailersResult>,
    options: RequestOptions03 | undefined,
  ]
): [Request03, Promise<Transmission>] {
  const contents = new MadeContents(stream, trailers);
  headers.freeze();
  return [new Request03(() => headers, contents, options?.freeze()), contents.fate];
}

function consumeBody(
  _: WasiContext,
  request: Request03,
  fate: FutureReader<Transmission>,
): ConsumedContents {
  return request.take().consume(fate);
}

type Context = WasiContext;
type Self = Request03;

/** wasi:http/types@0.3: the functions of `request`. */
export const requestFunctions03: Readonly<Record<string, HostFunction<WasiContext>>> = {
  "[static]request.new": newRequest,
  "[static]request.consume-body": consumeBody,
  "[method]request.get-method": (_: Context, self: Self) => self.method,
  "[method]request.set-method": (_: Context, self: Self, method: Method) => self.setMethod(method),
  "[method]request.get-path-with-query": (_: Context, self: Self) => self.pathWithQuery,
  "[method]request.set-path-with-query": (_: Context, self: Self, path: string | undefined) =>
    self.setPathWithQuery(path),
  "[method]request.get-scheme": (_: Context, self: Self) => self.scheme,
  "[method]request.set-scheme": (_: Context, self: Self, scheme: Scheme | undefined) =>
    self.setScheme(scheme),
  "[method]request.get-authority": (_: Context, self: Self) => self.authority,
  "[method]request.set-authority": (_: Context, self: Self, authority: string | undefined) =>
    self.setAuthority(authority),
  "[method]request.get-options": (_: Context, self: Self) => self.options,
  "[method]request.get-headers": (_: Context, self: Self) => self.headers,
};

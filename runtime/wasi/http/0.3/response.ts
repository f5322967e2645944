import { err, ok } from "../../../instance/host-interface.ts";
import type {
  FutureReader,
  HostFunction,
  Result,
  StreamReader,
} from "../../../instance/host-interface.ts";
import type { WasiContext } from "../../context.ts";
import type { Fields } from "../fields.ts";
import { MadeContents } from "./contents.ts";
import type { ConsumedContents, Contents, TrailersResult, Transmission } from "./contents.ts";

/** wasi:http/types@0.3 `response`: one that a guest makes, or one that came in. */
export class Response03 {
  readonly headers: Fields;
  readonly contents: Contents;
  status: number;
  #isTaken = false;

  constructor(status: number, headers: Fields, contents: Contents) {
    this.status = status;
    this.headers = headers.freeze();
    this.contents = contents;
  }

  /** Fails for what is no status code. */
  setStatus(status: number): Result<undefined, undefined> {
    if (status < 100 || status > 999) return err(undefined);
    this.status = status;
    return ok(undefined);
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

function newResponse(
  _: WasiContext,
  headers: Fields,
  ...[stream, trailers]: [
    stream: StreamReader<Uint8Array> | undefined,
    trailers: FutureReader<TrailersResult>,
  ]
): [Response03, Promise<Transmission>] {
  const contents = new MadeContents(stream, trailers);
  return [new Response03(200, headers, contents), contents.fate];
}

function consumeBody(
  _: WasiContext,
  response: Response03,
  fate: FutureReader<Transmission>,
): ConsumedContents {
  return response.take().consume(fate);
}

type Context = WasiContext;

/** wasi:http/types@0.3: the functions of `response`. */
export const responseFunctions03: Readonly<Record<string, HostFunction<WasiContext>>> = {
  "[static]response.new": newResponse,
  "[static]response.consume-body": consumeBody,
  "[method]response.get-status-code": (_: Context, self: Response03) => self.status,
  "[method]response.set-status-code": (_: Context, self: Response03, status: number) =>
    self.setStatus(status),
  "[method]response.get-headers": (_: Context, self: Response03) => self.headers,
};

import { err, ok } from "../../instance/host-interface.ts";
import type { HostFunction, Result } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import type { Fields } from "./fields.ts";
import type { Method, Scheme } from "./method.ts";
import { OutgoingBody } from "./outgoing-body.ts";
import { RequestBody } from "./request-body.ts";
import { RequestHead } from "./request-head.ts";
import type { RequestParts } from "./request-target.ts";

const failed = err(undefined);

/** wasi:http/types `outgoing-request`. */
export class OutgoingRequest extends RequestHead implements RequestParts {
  readonly headers: Fields;
  /** What {@link takeBody} gave, on its way out. */
  body: RequestBody | undefined;
  #handled = false;

  /** Takes the headers over. */
  constructor(headers: Fields) {
    super();
    this.headers = headers.freeze();
  }

  /** Succeeds once. */
  takeBody(): Result<OutgoingBody, undefined> {
    if (this.body !== undefined) return failed;
    this.body = new RequestBody();
    const body = new OutgoingBody("request", this.headers.contentLength());
    body.connect(this.body, this.body);
    return ok(body);
  }

  /** outgoing-handler took it: its body now lives as long as the call. */
  handOver(): void {
    this.#handled = true;
  }

  /** The guest dropped it, or its instance ends: nobody will send a body that it may have. */
  drop(): void {
    if (!this.#handled) this.body?.abort();
  }
}

type Context = WasiContext;
type Self = OutgoingRequest;

/** wasi:http/types: the functions of `outgoing-request`. */
export const outgoingRequestFunctions: Readonly<Record<string, HostFunction<WasiContext>>> = {
  "[constructor]outgoing-request": (_: Context, headers: Fields) => new OutgoingRequest(headers),
  "[method]outgoing-request.body": (_: Context, self: Self) => self.takeBody(),
  "[method]outgoing-request.method": (_: Context, self: Self) => self.method,
  "[method]outgoing-request.set-method": (_: Context, self: Self, method: Method) =>
    self.setMethod(method),
  "[method]outgoing-request.path-with-query": (_: Context, self: Self) => self.pathWithQuery,
  "[method]outgoing-request.set-path-with-query": (
    _: Context,
    self: Self,
    path: string | undefined,
  ) => self.setPathWithQuery(path),
  "[method]outgoing-request.scheme": (_: Context, self: Self) => self.scheme,
  "[method]outgoing-request.set-scheme": (_: Context, self: Self, scheme: Scheme | undefined) =>
    self.setScheme(scheme),
  "[method]outgoing-request.authority": (_: Context, self: Self) => self.authority,
  "[method]outgoing-request.set-authority": (
    _: Context,
    self: Self,
    authority: string | undefined,
  ) => self.setAuthority(authority),
  "[method]outgoing-request.headers": (_: Context, self: Self) => self.headers,
};

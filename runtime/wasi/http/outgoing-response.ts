import { err, ok } from "../../instance/host-interface.ts";
import type { HostFunction, Result } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import type { Fields } from "./fields.ts";
import { OutgoingBody } from "./outgoing-body.ts";

const done = ok(undefined);
const failed = err(undefined);

/** wasi:http/types `outgoing-response`. */
export class OutgoingResponse {
  readonly headers: Fields;
  status = 200;
  /** What {@link takeBody} gave. */
  body: OutgoingBody | undefined;

  /** Takes the headers over. */
  constructor(headers: Fields) {
    this.headers = headers.freeze();
  }

  /** Fails for what is no status code. */
  setStatus(status: number): Result<undefined, undefined> {
    if (status < 100 || status > 999) return failed;
    this.status = status;
    return done;
  }

  /** Succeeds once. */
  takeBody(): Result<OutgoingBody, undefined> {
    if (this.body !== undefined) return failed;
    this.body = new OutgoingBody("response", this.headers.contentLength());
    return ok(this.body);
  }
}

type Context = WasiContext;

/** wasi:http/types: the functions of `outgoing-response`. */
export const outgoingResponseFunctions: Readonly<Record<string, HostFunction<WasiContext>>> = {
  "[constructor]outgoing-response": (_: Context, headers: Fields) => new OutgoingResponse(headers),
  "[method]outgoing-response.status-code": (_: Context, self: OutgoingResponse) => self.status,
  "[method]outgoing-response.set-status-code": (
    _: Context,
    self: OutgoingResponse,
    status: number,
  ) => self.setStatus(status),
  "[method]outgoing-response.headers": (_: Context, self: OutgoingResponse) => self.headers,
  "[method]outgoing-response.body": (_: Context, self: OutgoingResponse) => self.takeBody(),
};

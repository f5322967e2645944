import type { Result } from "../../instance/host-interface.ts";
import type { InputStream } from "../io/streams.ts";
import type { ErrorCode } from "./error-code.ts";
import type { HeaderList } from "./exchange.ts";

/** Where the content and the trailers of an incoming-body come from. */
export interface BodySource {
  /** The content; asked for at most once. Disposing it leaves the rest unread. */
  open(): InputStream;
  /** Drops what is left of the content; settles at the end of the body. Never rejects. */
  finish(): Promise<Result<HeaderList, ErrorCode>>;
  /** Nobody will read any more. Does nothing once the body has ended. */
  cancel(): void;
}

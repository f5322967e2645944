import type { Readable } from "node:stream";
import { limits } from "../../limits.ts";
import type { HeaderList, ResponseSink } from "../../wasi/http/exchange.ts";
import { collectBytes } from "../../wasi/io/collect-bytes.ts";

/**
 * The whole body of a request, for guests that take it at once; undefined when it has more than
 * `limits.bufferedBodyBytesMax`.
 */
export async function bufferedBody(body: Readable | undefined): Promise<Uint8Array | undefined> {
  if (body === undefined) return new Uint8Array(0);
  return await collectBytes(body, limits.bufferedBodyBytesMax);
}

/** A response that is there as a whole. */
export interface BufferedResponse {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

/** Sends it, at the pace of the client. */
export async function sendBuffered(sink: ResponseSink, response: BufferedResponse): Promise<void> {
  const stream = sink.head(response.status, response.headers);
  let offset = 0;
  while (offset < response.body.length) {
    const room = stream.checkWrite();
    if (room === 0) {
      await stream.wait();
      continue;
    }
    stream.write(response.body.subarray(offset, offset + room));
    offset += room;
  }
  sink.finish([]);
}

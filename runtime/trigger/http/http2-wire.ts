import { constants } from "node:http2";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { HeaderList } from "../../wasi/http/exchange.ts";
import type { PlainResponse } from "./plain-response.ts";
import { trailerLines } from "./response-head.ts";
import type { Inbound, Peer, ResponseHead, Wire } from "./wire.ts";

const {
  NGHTTP2_FLAG_END_STREAM,
  NGHTTP2_INTERNAL_ERROR,
  NGHTTP2_NO_ERROR,
  NGHTTP2_PROTOCOL_ERROR,
} = constants;

/** What node:http2 gives with its `stream` event. */
export interface StreamEvent {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly flags: number;
  readonly rawHeaders: readonly string[];
}

/** HTTP/2 over the streams of node:http2. */
export class Http2Wire implements Wire<ServerHttp2Stream> {
  readonly #scheme: "http" | "https";

  constructor(scheme: "http" | "https") {
    this.#scheme = scheme;
  }

  inbound(event: StreamEvent, peer: Peer): Inbound<ServerHttp2Stream> {
    const { stream, headers, rawHeaders } = event;
    const hasBody = (event.flags & NGHTTP2_FLAG_END_STREAM) === 0;
    const trailers = { rawTrailers: [] as readonly string[] };
    if (hasBody) {
      stream.on("trailers", (_headers: unknown, _flags: number, raw: readonly string[]) => {
        trailers.rawTrailers = raw;
      });
      // node:http2 ends the body of a reset stream as if it were complete.
      stream.once("aborted", failBody);
    }
    return {
      wire: this,
      response: stream,
      method: headers[":method"] ?? "",
      scheme: this.#scheme,
      target: headers[":path"] ?? "",
      authority: headers[":authority"],
      host: headers.host,
      rawHeaders,
      body: hasBody ? stream : undefined,
      trailers,
      peer,
    };
  }

  head(stream: ServerHttp2Stream, head: ResponseHead): void {
    if (stream.destroyed || stream.closed) return;
    const headers = [":status", String(head.status), ...head.headers];
    stream.respond(headers, head.hasBody ? { waitForTrailers: true } : { endStream: true });
  }

  flushHead(): void {
    // respond() has sent it.
  }

  trailers(stream: ServerHttp2Stream, trailers: HeaderList): void {
    const fields = trailers.length === 0 ? noFields : fieldsOf(trailers);
    stream.once("wantTrailers", () => {
      if (stream.destroyed || stream.closed) return;
      stream.sendTrailers(fields);
      setImmediate(closeDiscarded, stream);
    });
  }

  whole(stream: ServerHttp2Stream, head: ResponseHead, body: Uint8Array): void {
    this.head(stream, head);
    this.trailers(stream, []);
    stream.end(body);
  }

  plain(stream: ServerHttp2Stream, plain: PlainResponse): void {
    if (stream.destroyed || stream.closed) return;
    const headers = [":status", String(plain.status), ...plain.headers];
    const endStream = plain.body.length === 0;
    stream.respond(headers, { endStream });
    if (!endStream && stream.writable) stream.end(plain.body);
  }

  abort(stream: ServerHttp2Stream): void {
    if (!stream.closed) stream.close(NGHTTP2_INTERNAL_ERROR);
  }

  drop(stream: ServerHttp2Stream): void {
    if (!stream.closed) stream.close(NGHTTP2_PROTOCOL_ERROR);
  }

  /**
   * The rest is thrown away as it comes; once the response is complete the client is told to stop
   * (RFC 9113, 8.1).
   */
  discardBody(stream: ServerHttp2Stream): void {
    if (stream.readableEnded || stream.destroyed) return;
    // A guest that trapped may have left its listener behind, which would hold the flow up.
    stream.removeAllListeners("readable");
    stream.on("data", ignore);
    stream.resume();
    if (stream.sentTrailers !== undefined) setImmediate(closeDiscarded, stream);
  }
}

const noFields: Record<string, string[]> = {};

/** Without a prototype: a trailer may be called `constructor`. */
function fieldsOf(trailers: HeaderList): Record<string, string[]> {
  const fields = Object.create(null) as Record<string, string[]>;
  for (const [name, value] of trailerLines(trailers)) (fields[name] ??= []).push(value);
  return fields;
}

function failBody(this: ServerHttp2Stream): void {
  this.destroy(new Error("the client went away before the request was complete"));
}

/** Runs after the turn in which node:http2 sends the trailers, which end the response. */
function closeDiscarded(stream: ServerHttp2Stream): void {
  const isDiscarding = stream.readableFlowing === true && !stream.readableEnded;
  if (isDiscarding && !stream.closed && !stream.destroyed) stream.close(NGHTTP2_NO_ERROR);
}

function ignore(): void {}

import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { limits } from "../../limits.ts";
import type { ConsoleFeed } from "./console-view.ts";

/** A comment now and then, so that proxies do not take the connection for dead. */
const aliveEveryMs = 15_000;

/**
 * Writes what a feed gives as `text/event-stream` until the reader goes or the signal aborts. While
 * the reader does not read, nothing is taken from the feed, which counts what it loses.
 */
export async function sendEvents(
  response: ServerResponse,
  feed: ConsoleFeed,
  signal: AbortSignal,
): Promise<void> {
  const closed = new AbortController();
  response.once("close", () => closed.abort());
  const until = AbortSignal.any([signal, closed.signal]);
  let quietMs = 0;
  while (!until.aborted) {
    const events = feed.take();
    for (const { event, data } of events) {
      // JSON has no line breaks: one line is one event.
      response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    }
    quietMs = events.length > 0 ? 0 : quietMs + limits.consoleBatchEveryMs;
    if (quietMs >= aliveEveryMs) {
      response.write(": alive\n\n");
      quietMs = 0;
    }
    if (response.writableNeedDrain && response.writableLength > limits.consoleUnreadBytesMax) {
      await once(response, "drain", { signal: until }).catch(() => undefined);
    }
    await delay(limits.consoleBatchEveryMs, undefined, { signal: until }).catch(() => undefined);
  }
}

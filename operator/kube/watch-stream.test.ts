import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { FakeClock } from "./fake-clock.ts";
import type { KubeObject } from "./object.ts";
import type { WatchEvent } from "./watch-event.ts";
import { watchStream } from "./watch-stream.ts";

const event = '{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n';

function open(signal?: AbortSignal): {
  body: PassThrough;
  clock: FakeClock;
  events: AsyncGenerator<WatchEvent<KubeObject>, void, undefined>;
} {
  const body = new PassThrough();
  const clock = new FakeClock();
  const response = { status: 200, header: () => undefined, body };
  const silenceMsMax = (): number => 1000;
  const request = "GET /x?watch";
  return { body, clock, events: watchStream({ response, request, clock, silenceMsMax, signal }) };
}

test("a connection that falls silent is given up; each sign of life counts", async () => {
  const { body, clock, events } = open();
  const first = events.next();
  body.write(event);
  expect((await first).done).toBe(false);
  const second = events.next();
  second.catch(() => undefined);
  await clock.advance(900);
  // Half an event is a sign of life.
  body.write(event.slice(0, 10));
  await clock.advance(900);
  expect(body.destroyed).toBe(false);
  await clock.advance(100);
  await expect(second).rejects.toMatchObject({ reason: "Timeout", status: 0 });
  expect(body.destroyed).toBe(true);
  expect(clock.timers).toBe(0);
});

test("the end of the server is an end; inside an event it is a cut", async () => {
  const whole = open();
  whole.body.end(event + event);
  expect(await Array.fromAsync(whole.events)).toHaveLength(2);
  const half = open();
  half.body.end(event + event.slice(0, 20));
  await expect(Array.fromAsync(half.events)).rejects.toMatchObject({ reason: "Unreachable" });
});

test.each([
  { name: "a reader that leaves", leave: true },
  { name: "a broken event", leave: false },
])("$name: body and timer are gone", async ({ leave }) => {
  const { body, clock, events } = open();
  body.write(leave ? event : "{\n");
  if (leave) {
    for await (const _ of events) break;
  } else {
    await expect(events.next()).rejects.toMatchObject({ code: "protocol" });
  }
  expect(body.destroyed).toBe(true);
  expect(clock.timers).toBe(0);
});

test("the reason of the signal comes out, not the error of the socket", async () => {
  const stop = new AbortController();
  const { body, events } = open(stop.signal);
  const next = events.next();
  const reason = new Error("enough");
  stop.abort(reason);
  body.destroy(new Error("aborted by the transport"));
  await expect(next).rejects.toBe(reason);
});

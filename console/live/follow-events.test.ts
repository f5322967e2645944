import { expect, test } from "vitest";
import type { ConsoleEvent } from "../../runtime/telemetry/admin/console-api.ts";
import { ConsoleError } from "../api/console-client.ts";
import { followEvents } from "./follow-events.ts";

const info = { event: "info", data: {} } as ConsoleEvent;
const usage = { event: "usage", data: {} } as ConsoleEvent;

type Turn = readonly ConsoleEvent[] | Error;

/** A server whose connections go one after the other like this; then the viewer leaves. */
async function follow(turns: readonly Turn[]): Promise<{ said: string[]; pauses: number[] }> {
  const ended = new AbortController();
  const said: string[] = [];
  const pauses: number[] = [];
  const left = [...turns];
  const events = async function* (): AsyncGenerator<ConsoleEvent> {
    const turn = left.shift();
    if (turn instanceof Error) throw turn;
    yield* turn ?? [];
  };
  const follower = {
    onOpen: (): void => void said.push("open"),
    onEvent: ({ event }: ConsoleEvent): void => void said.push(event),
    onConnection: (state: string): void => void said.push(state),
  };
  const pause = async (ms: number): Promise<void> => {
    pauses.push(ms);
    if (left.length === 0) ended.abort();
  };
  await followEvents({ events }, {}, follower, { signal: ended.signal, pause });
  return { said, pauses };
}

test("what is shown is read anew after every break", async () => {
  const { said } = await follow([[info, usage], [info]]);
  expect(said).toEqual([
    ...["connecting", "live", "open", "info", "usage", "lost"],
    ...["live", "open", "info", "lost"],
  ]);
});

test("pauses double, up to 15 s, and begin anew after success", async () => {
  const gone = new ConsoleError("unreachable", "gone");
  const { pauses } = await follow([gone, gone, gone, gone, gone, gone, [info], gone]);
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 15_000, 15_000, 1000, 2000]);
});

test.each(["unauthorized", "forbidden"] as const)("%s ends it", async (code) => {
  const { said, pauses } = await follow([new ConsoleError(code, "no"), [info]]);
  expect(said).toEqual(["connecting", "denied"]);
  expect(pauses).toEqual([]);
});

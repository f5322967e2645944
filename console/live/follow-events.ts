import type { ConsoleEvent, ConsoleInfo } from "../../runtime/telemetry/admin/console-api.ts";
import { type ConsoleClient, ConsoleError, type Query } from "../api/console-client.ts";

/** Whether events come; `denied` needs a person. */
export type Connection = "connecting" | "live" | "lost" | "denied";

export interface EventFollower {
  /**
   * Called again after every break: what is shown may be out of date, the server another one. Events
   * wait for it.
   */
  onOpen(info: ConsoleInfo): Promise<void> | void;
  onEvent(event: ConsoleEvent): void;
  /** With the server's words where it denies access. */
  onConnection(state: Connection, refusal?: string): void;
}

const pauseMsMin = 1_000;
const pauseMsMax = 15_000;

/**
 * Follows the events until aborted. A broken connection is made again, after a pause that doubles;
 * a refused token ends it.
 */
export async function followEvents(
  client: Pick<ConsoleClient, "events">,
  query: Query,
  follower: EventFollower,
  { signal, pause = wait }: { readonly signal: AbortSignal; readonly pause?: typeof wait },
): Promise<void> {
  let pauseMs = pauseMsMin;
  follower.onConnection("connecting");
  while (!signal.aborted) {
    try {
      for await (const event of client.events(query, signal)) {
        if (event.event === "info") {
          pauseMs = pauseMsMin;
          follower.onConnection("live");
          await follower.onOpen(event.data);
        }
        if (!signal.aborted) follower.onEvent(event);
      }
    } catch (error) {
      if (isDenied(error)) {
        follower.onConnection("denied", error.message);
        return;
      }
    }
    if (signal.aborted) return;
    follower.onConnection("lost");
    await pause(pauseMs, signal);
    pauseMs = Math.min(pauseMsMax, pauseMs * 2);
  }
}

function isDenied(error: unknown): error is ConsoleError {
  return (
    error instanceof ConsoleError && (error.code === "unauthorized" || error.code === "forbidden")
  );
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

import type { StartedApp } from "../../runtime/trigger/running-app.ts";
import { lastRequests } from "./last-requests.ts";

/** A container's app from the moment at which it is to be served. */
export class ServedApp {
  /** Aborts for what is in flight. */
  readonly #cut = new AbortController();
  #running: Promise<ServedParts> | undefined;
  #isDraining = false;

  /**
   * Takes an app that is being started; `onRunning` hears where it is served. Settles with the
   * status of one that ends by itself, as an app with a command does; with undefined for any other.
   * Rejects as `starting` does.
   */
  async serve(
    starting: Promise<ServedParts>,
    onRunning: (url: string | undefined) => void,
  ): Promise<number | undefined> {
    this.#running = starting;
    const { url, exited } = await starting;
    onRunning(url);
    const status = await exited;
    return this.#isDraining ? undefined : status;
  }

  /** Lets requests finish, those included that may still come. {@link cutOff} ends the wait. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    const { signal } = this.#cut;
    // What is still starting is given up: nobody can have asked it for anything.
    const nothing: Promise<ServedParts | undefined> = Promise.resolve(undefined);
    const running = await Promise.race([this.#running ?? nothing, nothing]);
    if (running === undefined) return;
    await lastRequests(running, signal);
    // Whoever sent the signal decides how long this may take, and sends SIGKILL then.
    if (!signal.aborted) await running.close(signal);
  }

  /** Ends it with everything that is in flight; never rejects. */
  async cutOff(): Promise<void> {
    const { signal } = this.#cut;
    this.#cut.abort();
    await this.#running?.then((running) => running.close(signal)).catch(() => undefined);
  }
}

type ServedParts = Pick<StartedApp, "url" | "exited" | "lastRequestMs" | "close">;

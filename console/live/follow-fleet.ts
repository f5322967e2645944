import type {
  ConsoleEvent,
  ConsoleInfo,
  Failure,
} from "../../runtime/telemetry/admin/console-api.ts";
import type { ConsoleClient } from "../api/console-client.ts";
import type { Fleet } from "./fleet.ts";
import { followEvents } from "./follow-events.ts";

/** What of the client is needed to know how all apps are. */
export type FleetClient = Pick<ConsoleClient, "apps" | "events">;

/** Keeps the apps as they are, until aborted or refused. */
export async function followFleet(
  client: FleetClient,
  fleet: Fleet,
  { signal, onFailures }: { signal: AbortSignal; onFailures(failures: readonly Failure[]): void },
): Promise<void> {
  const list = new AppsReader(client, fleet, signal);
  const follower = {
    onConnection: (state: Fleet["connection"], refusal?: string) =>
      fleet.setConnection(state, refusal),
    onOpen: async (info: ConsoleInfo) => {
      fleet.setInfo(info, Date.now());
      await list.read();
    },
    onEvent: (event: ConsoleEvent) => {
      if (event.event === "usage" && fleet.update(event.data)) void list.read();
      if (event.event === "failures") onFailures(event.data.failures);
    },
  };
  await followEvents(client, { topics: "usage,failures" }, follower, { signal });
}

/** Reads the list of apps, once at a time. */
class AppsReader {
  readonly #client: FleetClient;
  readonly #fleet: Fleet;
  readonly #signal: AbortSignal;
  #isReading = false;

  constructor(client: FleetClient, fleet: Fleet, signal: AbortSignal) {
    this.#client = client;
    this.#fleet = fleet;
    this.#signal = signal;
  }

  async read(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      this.#fleet.replace(await this.#client.apps(this.#signal));
    } catch {
      // The events tell that the connection is gone; what is shown stays until it is back.
    } finally {
      this.#isReading = false;
    }
  }
}

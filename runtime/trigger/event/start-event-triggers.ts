import type { App, EventTrigger } from "../../app/app.ts";
import type { RunningTrigger, TriggerServices } from "./running-trigger.ts";

type Kind = EventTrigger["kind"];
type OfKind<K extends Kind> = Extract<EventTrigger, { kind: K }>;

/**
 * Starts everything that calls components other than HTTP and commands. The clients of each kind
 * are loaded only by apps that have such triggers. Throws WhorlError as each kind says; what was
 * started is closed then.
 */
export async function startEventTriggers(
  app: App,
  services: TriggerServices,
): Promise<RunningTrigger> {
  const running: RunningTrigger[] = [];
  let closed: Promise<unknown> | undefined;
  const close = async (signal: AbortSignal): Promise<void> => {
    await (closed ??= Promise.all(running.map((each) => each.close(signal))));
  };
  const start = async <K extends Kind>(
    kind: K,
    run: (triggers: OfKind<K>[]) => Promise<RunningTrigger>,
  ): Promise<void> => {
    const triggers = app.eventTriggers.filter((each): each is OfKind<K> => each.kind === kind);
    if (triggers.length > 0) running.push(await run(triggers));
  };
  try {
    await start("redis", async (triggers) => {
      const { startRedisTriggers } = await import("./redis-trigger.ts");
      return startRedisTriggers(triggers, services);
    });
    await start("mqtt", async (triggers) => {
      const { startMqttTriggers } = await import("./mqtt-trigger.ts");
      return startMqttTriggers(triggers, services);
    });
    await start("sqs", async (triggers) => {
      const { startSqsTriggers } = await import("./sqs-trigger.ts");
      return startSqsTriggers(triggers, services);
    });
    await start("cron", async (triggers) => {
      const { startCronTriggers } = await import("./cron-trigger.ts");
      return startCronTriggers(triggers, services);
    });
  } catch (error) {
    await close(AbortSignal.abort());
    throw error;
  }
  return { close };
}

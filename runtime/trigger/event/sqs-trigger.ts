import { setTimeout as delay } from "node:timers/promises";
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { Message, MessageSystemAttributeName } from "@aws-sdk/client-sqs";
import type { SqsTrigger } from "../../app/app.ts";
import { errorText } from "../../error.ts";
import { limits } from "../../limits.ts";
import type { ExportCandidate, ExportWish } from "../component-exports.ts";
import type { EventHandler } from "./event-handler.ts";
import { EventQueue } from "./event-queue.ts";
import type { RunningTrigger, TriggerServices } from "./running-trigger.ts";
import { guestMessage } from "./sqs-message.ts";

const wish: ExportWish<ExportCandidate> = {
  what: "a handler of queue messages (handle-queue-message)",
  candidates: [{ interface: undefined, tracks: [], function: "handle-queue-message" }],
};

/** A message is hidden from others for this long where the queue does not say. */
const visibilitySecondsDefault = 30;
/** The service holds a request open for so long while its queue is empty. */
const longPollSeconds = 20;

/**
 * Takes messages from the queues. Account, region and endpoint come from the environment, as AWS
 * clients have it (`AWS_REGION`, `AWS_ENDPOINT_URL`, ...). A message that its component wants
 * deleted is; all others come again when the queue says. While a component works on a message it
 * stays hidden. Throws `no_handler`.
 */
export function startSqsTriggers(
  triggers: readonly SqsTrigger[],
  services: TriggerServices,
): RunningTrigger {
  const handlers = triggers.map((trigger) => services.handler(trigger, wish));
  const client = new SQSClient({});
  const queues = triggers.flatMap((trigger, index) => {
    const handler = handlers[index];
    return handler === undefined ? [] : [new SqsQueue(client, { trigger, handler, services })];
  });
  for (const queue of queues) void queue.run();
  return {
    close: async (signal) => {
      await Promise.all(queues.map((queue) => queue.close(signal)));
      client.destroy();
    },
  };
}

interface SqsParts {
  readonly trigger: SqsTrigger;
  readonly handler: EventHandler;
  readonly services: TriggerServices;
}

class SqsQueue {
  readonly #client: SQSClient;
  readonly #parts: SqsParts;
  readonly #stop = new AbortController();
  readonly #queue = new EventQueue({
    runningMax: limits.eventsRunningMax,
    waitingMax: limits.eventsWaitingMax,
  });
  #isLost = false;
  #visibilitySeconds: number | undefined;

  constructor(client: SQSClient, parts: SqsParts) {
    this.#client = client;
    this.#parts = parts;
  }

  /** Settles after {@link close}; never rejects. */
  async run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        this.#visibilitySeconds ??= await this.#askVisibility();
        await this.#queue.room();
        const messages = await this.#receive();
        this.#found();
        for (const message of messages) this.#queue.push(() => this.#handle(message));
        this.#parts.handler.telemetry.backlog(this.#queue.size);
        if (messages.length === 0) await this.#pause();
      } catch (error) {
        if (signal.aborted) return;
        this.#lost(error);
        await this.#pause();
      }
    }
  }

  async close(signal: AbortSignal): Promise<void> {
    this.#stop.abort();
    await this.#queue.drain(signal);
  }

  async #receive(): Promise<readonly Message[]> {
    const { queueUrl, messagesMax, systemAttributes, messageAttributes } = this.#parts.trigger;
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: messagesMax,
      MessageSystemAttributeNames: [...systemAttributes] as MessageSystemAttributeName[],
      MessageAttributeNames: [...messageAttributes],
      WaitTimeSeconds: longPollSeconds,
    });
    const { Messages } = await this.#client.send(command, { abortSignal: this.#stop.signal });
    return Messages ?? [];
  }

  async #handle(message: Message): Promise<void> {
    const { handler, services } = this.#parts;
    const hidden = setInterval(() => void this.#hide(message), this.#renewMs());
    try {
      const sent = Number(message.Attributes?.SentTimestamp);
      const event = Number.isFinite(sent) ? { sentMs: sent } : {};
      const action = await handler.handle([guestMessage(message)], event);
      if (action === "delete") await this.#delete(message);
    } catch (error) {
      services.log.error(
        `Component "${handler.component}" failed on message ${message.MessageId ?? "without id"}: ${errorText(error)}`,
      );
    } finally {
      clearInterval(hidden);
    }
  }

  async #delete({ ReceiptHandle }: Message): Promise<void> {
    const QueueUrl = this.#parts.trigger.queueUrl;
    await this.#client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  }

  /** Failing that, the message comes again: at least once is what the service promises. */
  async #hide({ ReceiptHandle }: Message): Promise<void> {
    const command = new ChangeMessageVisibilityCommand({
      QueueUrl: this.#parts.trigger.queueUrl,
      ReceiptHandle,
      VisibilityTimeout: this.#visibilitySeconds ?? visibilitySecondsDefault,
    });
    await this.#client.send(command).catch((error: unknown) => this.#lost(error));
  }

  async #askVisibility(): Promise<number> {
    const command = new GetQueueAttributesCommand({
      QueueUrl: this.#parts.trigger.queueUrl,
      AttributeNames: ["VisibilityTimeout"],
    });
    const { Attributes } = await this.#client.send(command, { abortSignal: this.#stop.signal });
    return Number(Attributes?.VisibilityTimeout ?? visibilitySecondsDefault);
  }

  #renewMs(): number {
    return Math.max(1, (this.#visibilitySeconds ?? visibilitySecondsDefault) * 500);
  }

  async #pause(): Promise<void> {
    const { idleWaitSeconds } = this.#parts.trigger;
    // An error comes back at once: without any pause it would be asked for again and again.
    const ms = Math.max(idleWaitSeconds * 1000, this.#isLost ? 1000 : 0);
    await delay(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }

  #lost(error: unknown): void {
    if (this.#isLost) return;
    this.#isLost = true;
    const { services, trigger } = this.#parts;
    services.log.warn(
      `sqs trigger: cannot take messages from ${trigger.queueUrl} (${errorText(error)}); trying again`,
    );
  }

  #found(): void {
    if (!this.#isLost) return;
    this.#isLost = false;
    this.#parts.services.log.warn(
      `sqs trigger: takes messages from ${this.#parts.trigger.queueUrl} again`,
    );
  }
}

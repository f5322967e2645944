import type { EventTrigger } from "./app.ts";

/** Where the events of a trigger come from; undefined for a command, which nobody sends. */
export function eventSource(trigger: EventTrigger): string | undefined {
  switch (trigger.kind) {
    case "redis":
      return trigger.channel;
    case "mqtt":
      return trigger.topic;
    case "sqs":
      return trigger.queueUrl;
    case "cron":
      return trigger.expression;
    case "command":
      return undefined;
  }
}

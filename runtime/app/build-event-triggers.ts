import { errorText } from "../error.ts";
import type { AppVariable, EventTrigger } from "./app.ts";
import { checkTemplate } from "./build-variables.ts";
import { cronExpression } from "./cron-expression.ts";
import type { ManifestContext } from "./manifest-context.ts";
import type {
  ManifestCronTrigger,
  ManifestMqttTrigger,
  ManifestRedisTrigger,
  ManifestSqsTrigger,
  ManifestTrigger,
} from "./manifest.ts";
import {
  refuseDependencies,
  triggerComponent,
  triggerIds,
  checkTriggerIds,
} from "./trigger-table.ts";
import type { DeclaredComponents } from "./trigger-table.ts";
import type { Position } from "./toml-document.ts";

/** What the triggers of one app share. */
export interface TriggerSurroundings {
  readonly components: DeclaredComponents;
  readonly variables: ReadonlyMap<string, AppVariable>;
}

/** A trigger's place in the app, known before its own keys are looked at. */
interface Place<T extends ManifestTrigger> {
  readonly id: string;
  readonly component: string;
  readonly table: T;
  /** The text of one of its keys, a template that has been checked. */
  text(owner: object, key: string, written: string): string;
  readonly context: ManifestContext;
}

/** Reads `[[trigger.*]]` of every type but HTTP; mistakes go to the context's problems. */
export function buildEventTriggers(
  surroundings: TriggerSurroundings,
  context: ManifestContext,
): EventTrigger[] {
  const tables = context.manifest.trigger ?? {};
  const build = <T extends ManifestTrigger>(
    type: string,
    list: readonly T[] | undefined,
    make: (place: Place<T>) => EventTrigger | undefined,
  ): EventTrigger[] =>
    places(type, list ?? [], { surroundings, context }).flatMap((place) => make(place) ?? []);
  return [
    ...build("redis", tables.redis, redisTrigger),
    ...build("mqtt", tables.mqtt, mqttTrigger),
    ...build("sqs", tables.sqs, sqsTrigger),
    ...build("cron", tables.cron, cronTrigger),
    ...build("command", tables.command, ({ id, component }) => ({
      kind: "command",
      id,
      component,
    })),
  ];
}

function places<T extends ManifestTrigger>(
  type: string,
  tables: readonly T[],
  { surroundings, context }: { surroundings: TriggerSurroundings; context: ManifestContext },
): Place<T>[] {
  const { components, variables } = surroundings;
  const { positions, problems } = context;
  checkTriggerIds(tables, context);
  const ids = triggerIds(tables, type);
  return tables.flatMap((table, index) => {
    refuseDependencies(type, table, context);
    const id = ids[index] ?? "";
    const component = triggerComponent({ id, table }, components, context);
    if (table.component === undefined) {
      const message = `missing key "component" in [[trigger.${type}]]`;
      problems.add("manifest", positions.start(table), message);
    }
    if (component === undefined) return [];
    const text: Place<T>["text"] = (owner, key, written) => {
      checkTemplate({ text: written, at: positions.valueAt(owner, key) }, variables, context);
      return written;
    };
    return [{ id, component, table, text, context }];
  });
}

function redisTrigger(place: Place<ManifestRedisTrigger>): EventTrigger | undefined {
  const { id, component, table, text, context } = place;
  const common = context.manifest.application.trigger?.redis;
  const owner = table.address === undefined ? common : table;
  const written = owner?.address;
  if (owner === undefined || written === undefined) {
    context.problems.add(
      "manifest",
      context.positions.start(table),
      'missing key "address"; write it here or in [application.trigger.redis]',
    );
    return undefined;
  }
  return {
    kind: "redis",
    id,
    component,
    address: text(owner, "address", written),
    channel: text(table, "channel", table.channel),
  };
}

/** As the client library behind Spin's plugin has it. */
const keepAliveSecondsDefault = 60;

function mqttTrigger(place: Place<ManifestMqttTrigger>): EventTrigger | undefined {
  const { id, component, table, text, context } = place;
  const { positions, problems, manifest } = context;
  const common = manifest.application.trigger?.mqtt;
  if (common?.address === undefined) {
    const message = 'missing key "address" in [application.trigger.mqtt]; add that of the broker';
    problems.add("manifest", positions.start(table), message);
    return undefined;
  }
  const keepAlive = Number(common.keep_alive_interval ?? keepAliveSecondsDefault);
  if (!Number.isInteger(keepAlive) || keepAlive < 0 || keepAlive > 65_535) {
    const at = positions.valueAt(common, "keep_alive_interval");
    problems.add("manifest", at, "keep_alive_interval is a number of seconds from 0 to 65535");
  }
  const qos = Number(table.qos ?? 0);
  if (qos !== 0 && qos !== 1 && qos !== 2) {
    const at = positions.valueAt(table, "qos");
    problems.add("manifest", at, "qos is 0 (at most once), 1 (at least once) or 2 (exactly once)");
    return undefined;
  }
  return {
    kind: "mqtt",
    id,
    component,
    address: text(common, "address", common.address),
    username: text(common, "username", common.username ?? ""),
    password: text(common, "password", common.password ?? ""),
    keepAliveSeconds: keepAlive,
    topic: text(table, "topic", table.topic),
    qos,
  };
}

function sqsTrigger({ id, component, table, text }: Place<ManifestSqsTrigger>): EventTrigger {
  return {
    kind: "sqs",
    id,
    component,
    queueUrl: text(table, "queue_url", table.queue_url),
    messagesMax: table.max_messages ?? 10,
    idleWaitSeconds: table.idle_wait_seconds ?? 2,
    systemAttributes: table.system_attributes ?? [],
    messageAttributes: table.message_attributes ?? [],
  };
}

function cronTrigger(place: Place<ManifestCronTrigger>): EventTrigger {
  const { id, component, table, text, context } = place;
  const expression = text(table, "cron_expression", table.cron_expression);
  if (expression.includes("{{")) return { kind: "cron", id, component, expression };
  const at = context.positions.valueAt(table, "cron_expression");
  checkCronExpression(expression, at, context);
  return { kind: "cron", id, component, expression };
}

function checkCronExpression(
  expression: string,
  at: Position,
  { problems }: ManifestContext,
): void {
  try {
    cronExpression(expression);
  } catch (error) {
    problems.add(
      "manifest",
      at,
      `"${expression}" is not a cron expression (${errorText(error)}); ` +
        'write seconds, minutes, hours, day, month, weekday, like "0 */5 * * * *"',
    );
  }
}

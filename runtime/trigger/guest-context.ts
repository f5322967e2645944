import type { KeyValueScope } from "../spin/key-value/key-value-scope.ts";
import type { LlmScope } from "../spin/llm/llm.ts";
import type { MqttScope } from "../spin/mqtt/mqtt-scope.ts";
import type { MysqlScope } from "../spin/mysql/mysql-scope.ts";
import type { OutboundScope } from "../spin/outbound-scope.ts";
import type { PostgresScope } from "../spin/postgres/postgres-scope.ts";
import type { RedisScope } from "../spin/redis/redis-scope.ts";
import type { SqliteScope } from "../spin/sqlite/sqlite-scope.ts";
import type { VariablesScope } from "../spin/variables/variables-scope.ts";
import type { OtelScope } from "../spin/wasi-otel/otel-scope.ts";
import type { InvocationHolder } from "../telemetry/host-call-spans.ts";
import type { WasiContext } from "../wasi/context.ts";

/**
 * What one instance of an app's component may see and use, over all interfaces. The parts of
 * databases and message servers are there only where the component imports their interfaces.
 */
export type GuestContext = WasiContext &
  OutboundScope &
  KeyValueScope &
  SqliteScope &
  VariablesScope &
  OtelScope &
  RedisScope &
  MqttScope &
  MysqlScope &
  PostgresScope &
  LlmScope & {
    /** The request that the instance works for; undefined where telemetry is off. */
    readonly telemetry: InvocationHolder | undefined;
  };

/** Gives back what an instance has opened and holds by other means than resources. */
export function disposeContext(context: Partial<GuestContext>): void {
  context.sqlite?.[Symbol.dispose]();
  context.redis?.[Symbol.dispose]();
  context.mqtt?.[Symbol.dispose]();
  context.mysql?.[Symbol.dispose]();
  context.postgres?.[Symbol.dispose]();
}

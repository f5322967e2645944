import type { HostInterface } from "../instance/host-interface.ts";
import { keyValueV1 } from "./key-value/key-value-v1.ts";
import { keyValueV2 } from "./key-value/key-value-v2.ts";
import { keyValueV3 } from "./key-value/key-value-v3.ts";
import type { KeyValueScope } from "./key-value/key-value-scope.ts";
import { sqliteV2, sqliteV3 } from "./sqlite/sqlite.ts";
import { sqliteV1 } from "./sqlite/sqlite-v1.ts";
import type { SqliteScope } from "./sqlite/sqlite-scope.ts";
import { config } from "./variables/config.ts";
import { variablesV2, variablesV3 } from "./variables/variables.ts";
import type { VariablesScope } from "./variables/variables-scope.ts";
import { logs, metrics, tracing } from "./wasi-otel/otel.ts";
import type { OtelScope } from "./wasi-otel/otel-scope.ts";
import { configStore } from "./wasi-config/store.ts";
import { atomics } from "./wasi-keyvalue/atomics.ts";
import { batch } from "./wasi-keyvalue/batch.ts";
import { store } from "./wasi-keyvalue/store.ts";

/** Variables, key-value stores, SQLite and telemetry, in all versions. */
export const storeInterfaces: readonly HostInterface<
  KeyValueScope & SqliteScope & VariablesScope & OtelScope
>[] = [
  config,
  variablesV2,
  variablesV3,
  configStore,
  keyValueV1,
  keyValueV2,
  keyValueV3,
  store,
  atomics,
  batch,
  sqliteV1,
  sqliteV2,
  sqliteV3,
  tracing,
  metrics,
  logs,
];

import type { KeyValueScope } from "../spin/key-value/key-value-scope.ts";
import type { SqliteScope } from "../spin/sqlite/sqlite-scope.ts";
import type { VariablesScope } from "../spin/variables/variables-scope.ts";
import type { OtelScope } from "../spin/wasi-otel/otel-scope.ts";
import type { WasiContext } from "../wasi/context.ts";

/** What one instance of an app's component may see and use, over all interfaces. */
export type GuestContext = WasiContext & KeyValueScope & SqliteScope & VariablesScope & OtelScope;

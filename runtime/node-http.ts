import type * as http from "node:http";

/**
 * `node:http` for programs whose start counts. An `import` of it reads each of its exports, and one
 * of them (`WebSocket`) is a second HTTP client: tens of milliseconds and 10 MB of every process.
 */
export const nodeHttp: typeof http = process.getBuiltinModule("node:http");

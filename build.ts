/**
 * Bundles the programs into dist/, which bin/whorl.js runs where there are no sources. Starting is
 * what a bundle is for: what every start needs is inside, what few apps need (clients of databases
 * and clouds, the encoder of core modules) stays a dependency that is loaded when it is used.
 */
import { build } from "esbuild";
import { writeConsole } from "./console/build-console.ts";
import { buildOperator } from "./operator/build-operator.ts";
import { buildShim } from "./shim/build-shim.ts";
import { installLayout } from "./shim/install-layout.ts";

const external = [
  "@aws-sdk/*",
  "@azure/*",
  "@bytecodealliance/*",
  "@kubernetes/client-node",
  "@libsql/client",
  "esbuild",
  "ioredis",
  "mqtt",
  "mysql2",
  "pg",
  "pino",
  "prom-client",
  "protobufjs",
];

await build({
  entryPoints: [
    { in: "cli/main.ts", out: "whorl" },
    // Of the threads that `whorl up --dir` runs guests on (cli/up/dir/worker-code.ts).
    { in: "runtime/host/worker-main.ts", out: "worker-main" },
  ],
  outdir: "dist",
  bundle: true,
  splitting: true,
  external,
  platform: "node",
  format: "esm",
  target: "node26",
  sourcemap: "linked",
  legalComments: "external",
  // Bundled CommonJS packages ask for Node's own modules with require.
  banner: {
    js: 'import { createRequire as createRequireForBundle } from "node:module";\nconst require = createRequireForBundle(import.meta.url);',
  },
  logLevel: "info",
});

await buildOperator("dist/operator.js");
await buildShim(`dist/${installLayout.source}`);
await writeConsole("dist/console");

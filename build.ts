/**
 * Bundles the programs into dist/, which bin/whorl.js runs where there are no sources. Starting is
 * what a bundle is for: what every start needs is inside, what few apps need (clients of databases
 * and clouds, the encoder of core modules) stays a dependency that is loaded when it is used.
 */
import { rmSync } from "node:fs";
import { buildCli } from "./cli/build-cli.ts";
import { writeConsole } from "./console/build-console.ts";
import { buildOperator } from "./operator/build-operator.ts";
import { buildShim } from "./shim/build-shim.ts";
import { installLayout } from "./shim/install-layout.ts";

// What an earlier build has left would be published too.
rmSync("dist", { recursive: true, force: true });
await buildCli("dist", {
  whorl: "cli/main.ts",
  // Of the threads that `whorl up --dir` runs guests on (cli/up/dir/worker-code.ts).
  "worker-main": "runtime/host/worker-main.ts",
});
await buildOperator("dist/operator.js");
await buildShim(`dist/${installLayout.source}`);
await writeConsole("dist/console");

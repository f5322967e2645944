/**
 * Serves the apps of a folder from an app host whose workers can be killed: `soak-server.ts FOLDER
 * CACHE`. Prints its port, then for each line `kill` on its standard input how many requests the
 * worker that it killed was answering.
 */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { loadApp } from "../../runtime/app/load-app.ts";
import { loadRuntimeConfig } from "../../runtime/app/load-runtime-config.ts";
import { AppHost } from "../../runtime/host/app-host.ts";
import { spinReuse } from "../../runtime/trigger/executor/reused-instances.ts";

const [folder = "", cacheDirectory = ""] = process.argv.slice(2);
const log = (...text: readonly string[]): void => console.error(text.join(" "));
const host = new AppHost({
  ...{ workersMin: 2, workersMax: 4, workersPerAppMax: 2, residentBytesMax: 4e9 },
  workerCode: new URL("../../runtime/host/worker-main.ts", import.meta.url),
  settings: {
    ...{ environment: [], variables: new Map(), processEnvironment: {}, limits: {} },
    ...{ reuse: spinReuse, cacheDirectory, prepareVersion: "bench" },
  },
  log: { guestLine: log, error: log, warning: () => undefined },
});
const { port } = await host.listen({ host: "127.0.0.1", port: 0 });
for (const file of readdirSync(folder)) {
  const app = await loadApp(join(folder, file));
  const runtimeConfig = await loadRuntimeConfig(undefined, {
    workingDirectory: app.directory,
    appDirectory: app.directory,
  });
  await host.serve({ name: basename(file, ".wasm"), app, runtimeConfig });
}
await host.prepared();
console.log(port);
let turn = 0;
for await (const _line of createInterface({ input: process.stdin })) {
  const worker = host.workers[turn++ % host.workers.length];
  // What it has been given and has not begun counts as well: it may begin before it ends.
  const inFlight = worker === undefined ? 0 : Math.max(worker.active, worker.connectionCount);
  await worker?.terminate();
  console.log(inFlight);
}
await host.close(AbortSignal.abort());

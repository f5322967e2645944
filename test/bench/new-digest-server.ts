/**
 * Serves apps that its standard input names, `NAME FILE` a line, and says where: an app host whose
 * cache is empty. Run by new-digests.ts: `new-digest-server.ts CACHE`.
 */
import { createInterface } from "node:readline";
import { loadApp } from "../../runtime/app/load-app.ts";
import { loadRuntimeConfig } from "../../runtime/app/load-runtime-config.ts";
import { AppHost } from "../../runtime/host/app-host.ts";
import { spinReuse } from "../../runtime/trigger/executor/reused-instances.ts";

const [cacheDirectory = ""] = process.argv.slice(2);
const log = (...text: readonly string[]): void => console.error(text.join(" "));
const host = new AppHost({
  ...{ workersMin: 2, workersMax: 2, workersPerAppMax: 1, residentBytesMax: 4e9 },
  workerCode: new URL("../../runtime/host/worker-main.ts", import.meta.url),
  settings: {
    ...{ environment: [], variables: new Map(), processEnvironment: {}, limits: {} },
    ...{ reuse: spinReuse, cacheDirectory, prepareVersion: "bench" },
  },
  log: { guestLine: log, warning: log, error: log },
});
const { port } = await host.listen({ host: "127.0.0.1", port: 0 });
console.log(port);
for await (const line of createInterface({ input: process.stdin })) {
  const [name = "", file = ""] = line.split(" ");
  const app = await loadApp(file);
  const runtimeConfig = await loadRuntimeConfig(undefined, {
    workingDirectory: app.directory,
    appDirectory: app.directory,
  });
  console.log(await host.serve({ name, app, runtimeConfig }));
}
await host.close(AbortSignal.abort());

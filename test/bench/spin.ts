/**
 * `npm run bench:spin`: key-value, Redis and PostgreSQL once per request, behind Whorl and in a
 * plain Node server with the same clients; then a thousand slow outbound calls at once. Servers
 * under test have core 0, load generator and databases the rest.
 */
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startPostgres } from "../servers/postgres.ts";
import { startRedis } from "../servers/redis.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { wasmApp } from "../whorl-process.ts";
import type { Contestant } from "./contestants.ts";
import { Served } from "./served.ts";
import { type LoadResult, runWrk } from "./wrk.ts";

const serverCore = 0;
const loadCore = 1;
const crowd = 32;
const rounds = 3;
const slowCalls = 1_000;
const slowMs = 5_000;
const routes = ["key-value", "redis", "postgres"];

const whorl = fileURLToPath(new URL("../../bin/whorl.js", import.meta.url));
const nodeServer = fileURLToPath(new URL("node-spin-server.ts", import.meta.url));

interface Places {
  readonly redis: string;
  readonly postgres: string;
  readonly file: string;
  readonly state: string;
}

function contestants(places: Places): Contestant[] {
  const variables = [
    ...["--variable", `redis_address=${places.redis}`],
    ...["--variable", `database_address=${places.postgres}`],
    ...["--state-dir", places.state],
  ];
  const node = [process.execPath, nodeServer];
  return [
    { name: "whorl up", version: "", command: (app, port) => up(app, port, variables) },
    {
      name: "node",
      version: process.version,
      command: (_, port) => [...node, String(port), places.file, places.redis, places.postgres],
    },
  ];
}

function up(app: string, port: number, args: readonly string[]): string[] {
  const listen = ["--quiet", "--listen", `127.0.0.1:${port}`];
  return [process.execPath, whorl, "up", app, ...listen, ...args];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function checkAnswers(url: string): Promise<void> {
  // wrk blocks this process longer than servers keep idle connections.
  const response = await fetch(url, { headers: { connection: "close" } });
  if (response.status !== 200) throw new Error(`${url}: ${await response.text()}`);
}

async function compare(places: Places, seconds: number): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const servers: Served[] = [];
  for (const each of contestants(places)) {
    servers.push(stack.use(await Served.start(each, wasmApp("figures-rust"), serverCore)));
  }
  for (const route of routes) {
    const runs = servers.map(() => [] as LoadResult[]);
    for (let round = 0; round <= rounds; round++) {
      for (const [index, { url }] of servers.entries()) {
        await checkAnswers(`${url}${route}`);
        const load = { connections: crowd, seconds, core: loadCore };
        const result = runWrk(`${url}${route}`, load);
        // The first round warms up.
        if (round > 0) runs[index]?.push(result);
      }
    }
    printRoute(route, servers, runs);
  }
}

function printRoute(route: string, servers: readonly Served[], runs: LoadResult[][]): void {
  const rates = runs.map((each) => median(each.map((run) => run.requestsPerSecond)));
  for (const [index, { contestant }] of servers.entries()) {
    const p99 = median((runs[index] ?? []).map((run) => run.p99Us)) / 1000;
    const errors = (runs[index] ?? []).reduce((sum, run) => sum + run.errors, 0);
    const rate = rates[index]?.toFixed(0).padStart(8);
    const name = `${route}, ${contestant.name}`.padEnd(24);
    console.log(`${name}${rate} requests/s, p99 ${p99.toFixed(1)} ms, ${errors} errors`);
  }
  const [ours = Number.NaN, theirs = Number.NaN] = rates;
  console.log(`${route}: ${(ours / theirs).toFixed(2)} of the plain server`);
}

/** How much memory a call needs that waits for its answer, and that all of them are answered. */
async function waitSlowly(): Promise<void> {
  const slow = createServer((_, response) => setTimeout(() => response.end("late"), slowMs));
  slow.listen(0, "127.0.0.1");
  await once(slow, "listening");
  const target = `http://127.0.0.1:${(slow.address() as AddressInfo).port}/`;
  using folder = new TemporaryFolder({
    "spin.toml": `spin_manifest_version = 2
[application]
name = "slow"
[[trigger.http]]
route = "/..."
component = "http"
[component.http]
source = "${wasmApp("http-rust/http.wasm")}"
allowed_outbound_hosts = ["http://127.0.0.1:*"]
`,
  });
  const command = (app: string, port: number): string[] => up(app, port, []);
  const contestant = { name: "whorl up", version: "", command };
  {
    await using served = await Served.start(contestant, folder.path, serverCore);
    const url = `${served.url}fetch?url=${target}`;
    for (const calls of [slowCalls, slowCalls, slowCalls]) {
      const before = served.residentBytes();
      const pending = Array.from({ length: calls }, async () => await (await fetch(url)).text());
      const answers = Promise.all(pending);
      await new Promise((resolve) => setTimeout(resolve, slowMs * 0.9));
      const kibibytes = (served.residentBytes() - before) / calls / 1024;
      const answered = (await answers).filter((text) => text.includes("late")).length;
      console.log(
        `${answered} of ${calls} slow calls at once: ${kibibytes.toFixed(0)} KiB more for each`,
      );
    }
  }
  slow.closeAllConnections();
  slow.close();
}

const { values } = parseArgs({ options: { seconds: { type: "string", default: "4" } } });
{
  await using redis = await startRedis();
  await using postgres = await startPostgres();
  using folder = new TemporaryFolder({});
  const places = {
    ...{ redis: redis.url, postgres: postgres.url },
    ...{ file: folder.file("plain.db"), state: folder.file("state") },
  };
  await compare(places, Number(values.seconds));
}
await waitSlowly();

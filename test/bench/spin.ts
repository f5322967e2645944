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
import { Report, shown, whorlVersion } from "./report.ts";
import { Served } from "./served.ts";
import { median } from "./statistics.ts";
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

async function checkAnswers(url: string): Promise<void> {
  // wrk blocks this process longer than servers keep idle connections.
  const response = await fetch(url, { headers: { connection: "close" } });
  if (response.status !== 200) throw new Error(`${url}: ${await response.text()}`);
}

/** What is called for each request, and how each of the servers did. */
interface Route {
  readonly route: string;
  readonly servers: readonly { readonly name: string; readonly runs: readonly LoadResult[] }[];
}

async function compare(places: Places, seconds: number): Promise<Route[]> {
  await using stack = new AsyncDisposableStack();
  const servers: Served[] = [];
  for (const each of contestants(places)) {
    servers.push(stack.use(await Served.start(each, wasmApp("figures-rust"), serverCore)));
  }
  const measured: Route[] = [];
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
    const named = servers.map(({ contestant }, index) => ({
      name: contestant.name,
      runs: runs[index] ?? [],
    }));
    measured.push({ route, servers: named });
  }
  return measured;
}

function reportRoute(report: Report, { route, servers }: Route): void {
  const rates = servers.map(({ runs }) => median(runs.map((run) => run.requestsPerSecond)));
  for (const [index, { name, runs }] of servers.entries()) {
    const p99Ms = median(runs.map((run) => run.p99Us)) / 1000;
    const errors = runs.reduce((sum, run) => sum + run.errors, 0);
    const text = `${shown(rates[index] ?? Number.NaN)} requests/s, p99 ${shown(p99Ms)} ms`;
    report.line(`${route}, ${name}`, errors === 0 ? text : `${text}, ${errors} ERRORS`);
  }
  const [ours = Number.NaN, theirs = Number.NaN] = rates;
  report.line(`${route}, ours / the plain server`, `${shown(ours / theirs)}x`);
}

/** Calls that wait for their answer, many at once. */
interface SlowCalls {
  readonly answered: number;
  /** More memory for each. */
  readonly kibibytes: number;
}

/** How much memory a call needs that waits for its answer, and that all of them are answered. */
async function waitSlowly(): Promise<SlowCalls[]> {
  const measured: SlowCalls[] = [];
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
      measured.push({ answered, kibibytes });
    }
  }
  slow.closeAllConnections();
  slow.close();
  return measured;
}

async function compareWithDatabases(seconds: number): Promise<Route[]> {
  await using redis = await startRedis();
  await using postgres = await startPostgres();
  using folder = new TemporaryFolder({});
  const places = {
    ...{ redis: redis.url, postgres: postgres.url },
    ...{ file: folder.file("plain.db"), state: folder.file("state") },
  };
  return await compare(places, seconds);
}

const { values } = parseArgs({ options: { seconds: { type: "string", default: "4" } } });
const report = new Report({
  name: "spin",
  versions: { whorl: whorlVersion() },
  commands: ["whorl up figures-rust", "node node-spin-server.ts PORT"],
});
const measured = await compareWithDatabases(Number(values.seconds));
for (const each of measured) reportRoute(report, each);
const slow = await waitSlowly();
for (const { answered, kibibytes } of slow) {
  const text = `${answered} answered, ${shown(kibibytes)} KiB more for each`;
  report.line(`${slowCalls} slow calls at once`, text);
}
report.end({ routes: measured, slow });

/**
 * `npm run bench:two-cores`: answers per second when server and load generator share two cores, as
 * on a laptop: one app of `whorl up --dir` with a worker for each core, against `wasmtime serve`
 * with its threads. Rounds are interleaved.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { wasmApp } from "../whorl-process.ts";
import { findContestants } from "./contestants.ts";
import { Report, shown, whorlVersion } from "./report.ts";
import { Served } from "./served.ts";
import { ServedFolder } from "./served-folder.ts";
import { median } from "./statistics.ts";
import { floodWithWrk } from "./wrk-flood.ts";
import type { LoadResult } from "./wrk.ts";

const cores = "0,1";
const workers = 2;
const connections = 64;
const rounds = 5;
const reach = { atLeast: 2.5 };
const rival = "wasmtime serve";

interface Server {
  readonly name: string;
  readonly port: number;
  readonly runs: LoadResult[];
}

function load({ port }: Server, seconds: number): Promise<LoadResult> {
  const url = `http://127.0.0.1:${port}/`;
  return floodWithWrk({
    ...{ url, host: "hello.localhost", connections, seconds, core: cores, threads: workers },
  });
}

const { values } = parseArgs({ options: { seconds: { type: "string", default: "4" } } });
const folder = mkdtempSync(join(tmpdir(), "whorl-two-cores-"));
try {
  const hello = wasmApp("hello-rust/hello.wasm");
  const apps = join(folder, "apps");
  mkdirSync(apps);
  copyFileSync(hello, join(apps, "hello.wasm"));
  await using stack = new AsyncDisposableStack();
  const args = ["--max-workers-per-app", String(workers)];
  const cache = join(folder, "cache");
  const served = stack.use(await ServedFolder.start({ folder: apps, cache, cores, args }));
  await served.prepared();
  const servers: Server[] = [{ name: "whorl up --dir", port: served.port, runs: [] }];
  const versions: Record<string, string> = { whorl: whorlVersion() };
  for (const each of findContestants(folder)) {
    if ("remedy" in each) {
      console.log(`Without ${each.name}; to have it: ${each.remedy}`);
    } else if (each.name === rival) {
      const { url } = stack.use(await Served.start(each, hello, cores));
      versions[each.name] = each.version;
      servers.push({ name: each.name, port: Number(new URL(url).port), runs: [] });
    }
  }
  const report = new Report({ name: "two-cores", versions, commands: [served.command] });
  for (let round = 0; round <= rounds; round++) {
    for (const server of servers) {
      const run = await load(server, Number(values.seconds));
      if (run.errors > 0) throw new Error(`${run.errors} requests to ${server.name} failed`);
      // The first round warms up.
      if (round > 0) server.runs.push(run);
    }
  }
  const perSecond = servers.map(({ name, runs }) => {
    const answers = median(runs.map((run) => run.requestsPerSecond));
    const p99Us = median(runs.map((run) => run.p99Us));
    report.line(name, `${shown(answers)} answers/s, p99 ${shown(p99Us / 1000)} ms`);
    return answers;
  });
  const [ours, theirs] = perSecond;
  if (ours !== undefined && theirs !== undefined) {
    const figure = `hello on two cores with the client, against ${rival}`;
    report.verdict({ figure, measured: ours / theirs, unit: "x", reach });
  }
  report.end({ connections, results: servers });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

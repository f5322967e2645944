/**
 * `npm run bench:bodies`: bodies of 10 MB through a guest in Rust (wasm-apps/http-rust), against a
 * node:http server that does the same without any guest. Rounds are interleaved.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { wasmApp } from "../whorl-process.ts";
import type { Contestant } from "./contestants.ts";
import { findContestants } from "./contestants.ts";
import { Report, shown } from "./report.ts";
import { Served } from "./served.ts";
import { median } from "./statistics.ts";
import { floodWithWrk } from "./wrk-flood.ts";

const serverCore = 0;
const loadCore = 1;
const rounds = 5;
const sizes = [10_000, 100_000, 1_000_000, 10_000_000] as const;
const judged = 10_000_000;
const connections = 4;
const reach = { atLeast: 0.6 };
const directions: readonly Direction[] = ["response", "upload", "echo"];

const node: Contestant = {
  name: "node:http",
  version: process.version,
  command: (_component, port) => [
    process.execPath,
    fileURLToPath(new URL("node-bodies-server.ts", import.meta.url)),
    String(port),
  ],
};

type Direction = "response" | "upload" | "echo";

/** An upload is answered with the length of what the guest has read, an echo with all of it. */
const paths: Readonly<Record<Direction, (bytes: number) => string>> = {
  response: (bytes) => `bytes?length=${bytes}`,
  upload: () => "length",
  echo: () => "echo",
};

/** Megabytes of bodies in a second, one way. */
async function throughput(
  { url }: Served,
  direction: Direction,
  bytes: number,
  seconds: number,
): Promise<number> {
  const common = { connections, seconds, core: loadCore };
  const { requestsPerSecond, errors } = await floodWithWrk({
    ...common,
    url: `${url}${paths[direction](bytes)}`,
    ...(direction !== "response" && { bodyBytes: bytes }),
  });
  if (errors > 0) throw new Error(`${errors} of the requests to ${url} failed`);
  return (requestsPerSecond * bytes) / 1e6;
}

const { values } = parseArgs({ options: { seconds: { type: "string", default: "4" } } });
const folder = mkdtempSync(join(tmpdir(), "whorl-bodies-"));
const whorl = findContestants(folder).find(({ name }) => name === "whorl up");
rmSync(folder, { recursive: true });
if (whorl === undefined || "remedy" in whorl) throw new Error("whorl is not there");
const http = wasmApp("http-rust/http.wasm");
await using ours = await Served.start(whorl, http, serverCore);
await using theirs = await Served.start(node, http, serverCore);
const report = new Report({
  name: "bodies",
  versions: { whorl: whorl.version, "node:http": node.version },
  commands: ["whorl up http.wasm", "node node-bodies-server.ts PORT"],
});
const results: { direction: Direction; bytes: number; ours: number[]; theirs: number[] }[] = [];
for (const direction of directions) {
  for (const bytes of sizes) {
    const measured = { direction, bytes, ours: [] as number[], theirs: [] as number[] };
    for (let round = 0; round <= rounds; round++) {
      const seconds = Number(values.seconds);
      const mine = await throughput(ours, direction, bytes, seconds);
      const other = await throughput(theirs, direction, bytes, seconds);
      // The first round warms up.
      if (round === 0) continue;
      measured.ours.push(mine);
      measured.theirs.push(other);
    }
    results.push(measured);
    const [mine, other] = [median(measured.ours), median(measured.theirs)];
    const figure = `${direction} of ${bytes / 1000} kB`;
    report.line(
      figure,
      `${shown(mine)} MB/s, node:http ${shown(other)} MB/s: ${shown(mine / other)}x`,
    );
    if (bytes === judged) report.verdict({ figure, measured: mine / other, unit: "x", reach });
  }
}
report.end({ results });

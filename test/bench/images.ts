/**
 * `npm run bench:images`: an app of 12 MB to and from a registry on this machine, beside skopeo
 * copying the same layers. Both as whole processes, in turn, so that a noisy minute hits both; a
 * third one that is looked into says where the time goes.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildCli } from "../../cli/build-cli.ts";
import type { Driven } from "./images-driver.ts";
import { skopeoObstacle } from "../images/skopeo.ts";
import { program } from "../servers/debian-package.ts";
import { registryObstacle, startDockerRegistry } from "../servers/docker-registry.ts";
import { Report, shown, whorlVersion } from "./report.ts";
import { median } from "./statistics.ts";

const rounds = 9;
const wasmBytes = 12 * 1000 * 1000;
const driverSource = "test/bench/images-driver.ts";
const compileCache = new URL("../../bin/compile-cache.js", import.meta.url).href;

function inProject(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** An app of one component that does not compress, with a few files. */
function makeApp(folder: string): string {
  const app = join(folder, "app");
  mkdirSync(join(app, "assets"), { recursive: true });
  const head = Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]);
  writeFileSync(join(app, "app.wasm"), Buffer.concat([head, randomBytes(wasmBytes)]));
  for (let file = 0; file < 5; file++) {
    writeFileSync(join(app, "assets", `${file}.txt`), randomBytes(2000).toString("hex"));
  }
  const manifest = `spin_manifest_version = 2
application.name = "bench"
[[trigger.http]]
route = "/..."
component = "app"
[component.app]
source = "app.wasm"
files = ["assets/*"]
`;
  writeFileSync(join(app, "spin.toml"), manifest);
  return app;
}

// Not spawnSync: the registry would stop when nobody takes what it prints.
const execute = promisify(execFile);

/** Milliseconds that a process takes; throws with what it printed if it fails. */
async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

async function skopeo(...args: string[]): Promise<string> {
  return (await execute(program("skopeo"), ["--insecure-policy", ...args])).stdout;
}

/** The program as it is published, and one beside it that tells where the time goes. */
async function bundle(folder: string): Promise<{ whorl: string[]; driver: string[] }> {
  const dist = join(folder, "dist");
  await buildCli(dist, { whorl: inProject("cli/main.ts"), driver: inProject(driverSource) });
  // As the package that it is published in.
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  symlinkSync(inProject("node_modules"), join(folder, "node_modules"));
  // As bin/whorl starts it.
  const flags = ["--disable-warning=ExperimentalWarning", "--import", compileCache];
  return {
    whorl: [...flags, join(dist, "whorl.js")],
    driver: [...flags, join(dist, "driver.js")],
  };
}

async function node(...args: string[]): Promise<string> {
  return (await execute(process.execPath, args)).stdout;
}

/** What is compared: `push FROM TO CACHE` or `pull FROM CACHE`, and what skopeo does beside it. */
interface Pair {
  readonly whorl: readonly string[];
  /** The same with names of its own, for the process that is looked into. */
  readonly split: readonly string[];
  readonly skopeo: readonly string[];
}

function commandLine([action, first = "", second = "", third = ""]: readonly string[]): string[] {
  const command = ["registry", action ?? "", "--insecure", "--output", "json"];
  return action === "push"
    ? [...command, "--cache-dir", third, "--from", first, second]
    : [...command, "--cache-dir", second, first];
}

/** Milliseconds of each round. */
interface Compared {
  readonly whorl: number[];
  readonly skopeo: number[];
  readonly driven: Driven[];
}

const of = (values: readonly number[]): string => shown(median(values));

function reportResults(report: Report, results: Readonly<Record<string, Compared>>): void {
  for (const [name, { whorl, skopeo: other, driven }] of Object.entries(results)) {
    const times = median(whorl) / median(other);
    report.line(name, `${of(whorl)} ms, skopeo ${of(other)} ms (${shown(times)}x)`);
    report.verdict({
      figure: `${name}, beside skopeo`,
      measured: times,
      unit: "times",
      reach: { atMost: 1.2 },
    });
    const part = (key: "start" | "load" | "work" | "waiting"): string =>
      of(driven.map((each) => each[key]));
    report.line(
      `${name}: where it goes`,
      `to the first line ${part("start")} ms, loading ${part("load")} ms, ` +
        `then ${part("work")} ms, of which ${part("waiting")} ms for the registry`,
    );
    const kinds = [...new Set(driven.flatMap(({ exchanges }) => Object.keys(exchanges)))];
    const each = kinds.map(
      (kind) => `${kind} ${of(driven.map(({ exchanges }) => exchanges[kind] ?? 0))}`,
    );
    report.line(`${name}: exchanges, ms`, each.join(", "));
  }
}

/** What a process costs that does nothing, and what our own adds to it. */
async function reportStarts(report: Report, whorl: readonly string[]): Promise<object> {
  const starts = { bare: ["-e", "0"], version: [...whorl, "--version"], help: [...whorl, "help"] };
  const measured: Record<string, number[]> = {};
  for (let round = 0; round <= rounds; round++) {
    for (const [name, args] of Object.entries(starts)) {
      const ms = await timed(() => node(...args));
      if (round > 0) (measured[name] ??= []).push(ms);
    }
  }
  const { bare = [], version = [], help = [] } = measured;
  report.line(
    "start of a process",
    `node -e 0: ${of(bare)} ms, whorl --version: ${of(version)} ms, whorl help: ${of(help)} ms`,
  );
  return measured;
}

const obstacle = registryObstacle() ?? skopeoObstacle();
if (obstacle !== undefined) throw new Error(obstacle);
const report = new Report({
  name: "images",
  versions: { whorl: whorlVersion(), skopeo: (await skopeo("--version")).trim() },
  commands: ["whorl registry push APP NAME", "whorl registry pull NAME", "skopeo copy"],
});
const folder = mkdtempSync(join(tmpdir(), "whorl-bench-"));
const registry = await startDockerRegistry();
try {
  const app = makeApp(folder);
  const { whorl, driver } = await bundle(folder);
  const layout = join(folder, "layout");
  const layoutName = `oci:${layout}:v1`;
  const cache = (name: string): string => join(folder, "cache", name);
  await node(...whorl, ...commandLine(["push", app, layoutName, cache("first")]));
  const results: Record<string, Compared> = {};
  for (let round = 0; round <= rounds; round++) {
    const image = (repository: string): string => `${registry.host}/${repository}-${round}/app:v1`;
    const send = ["copy", "--dest-tls-verify=false", layoutName];
    const pushed = { whorl: image("whorl"), split: image("split"), skopeo: image("skopeo") };
    const pushApp: Pair = {
      whorl: ["push", app, pushed.whorl, cache("push")],
      split: ["push", app, pushed.split, cache("push")],
      skopeo: [...send, `docker://${pushed.skopeo}`],
    };
    const pairs: Readonly<Record<string, Pair>> = {
      // Whorl reads and packs the app first; skopeo has only to send.
      "push app": pushApp,
      "push again": pushApp,
      "push layout": {
        whorl: ["push", layoutName, image("layout-whorl"), cache("layout")],
        split: ["push", layoutName, image("layout-split"), cache("layout")],
        skopeo: [...send, `docker://${image("layout-skopeo")}`],
      },
      pull: {
        whorl: ["pull", pushed.whorl, cache(`pull-${round}`)],
        split: ["pull", pushed.whorl, cache(`pull-split-${round}`)],
        skopeo: [
          ...["copy", "--src-tls-verify=false", `docker://${pushed.skopeo}`],
          `dir:${join(folder, `dir-${round}`)}`,
        ],
      },
    };
    for (const [name, pair] of Object.entries(pairs)) {
      let printed = "";
      const whorlMs = await timed(async () => {
        printed = await node(...whorl, ...commandLine(pair.whorl));
      });
      const wasThere = (JSON.parse(printed) as { readonly wasThere?: boolean }).wasThere === true;
      if (wasThere !== (name === "push again")) throw new Error(`${name}: ${printed}`);
      const skopeoMs = await timed(() => skopeo(...pair.skopeo));
      const driven = JSON.parse(await node(...driver, ...pair.split)) as Driven;
      // The first round warms up.
      if (round === 0) continue;
      const result = (results[name] ??= { whorl: [], skopeo: [], driven: [] });
      result.whorl.push(whorlMs);
      result.skopeo.push(skopeoMs);
      result.driven.push(driven);
    }
  }
  reportResults(report, results);
  const starts = await reportStarts(report, whorl);
  report.end({ results, starts });
} finally {
  await registry[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
}

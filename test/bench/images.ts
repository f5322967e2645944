/**
 * `npm run bench:images`: an app of 12 MB to and from a registry on this machine, beside skopeo
 * copying the same layers. Both as whole processes, in turn, so that a noisy minute hits both.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { skopeoObstacle } from "../images/skopeo.ts";
import { program } from "../servers/debian-package.ts";
import { registryObstacle, startDockerRegistry } from "../servers/docker-registry.ts";
import { Report, shown, whorlVersion } from "./report.ts";
import { median } from "./statistics.ts";

const rounds = 9;
const wasmBytes = 12 * 1000 * 1000;
const driverSource = fileURLToPath(new URL("images-driver.ts", import.meta.url));

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

/** The driver bundled as the published program is. */
async function bundleDriver(folder: string): Promise<string> {
  const outfile = join(folder, "driver.mjs");
  const require =
    'import { createRequire as from } from "node:module";\nconst require = from(import.meta.url);';
  await build({
    entryPoints: [driverSource],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node26",
    banner: { js: require },
    logLevel: "error",
  });
  return outfile;
}

interface Driven {
  readonly moved: number;
  /** Without the start of the process. */
  readonly ms: number;
}

function driveWith(driver: string): (...args: string[]) => Promise<Driven> {
  return async (...args) => {
    const { stdout } = await execute(process.execPath, [driver, ...args]);
    return JSON.parse(stdout) as Driven;
  };
}

/** Milliseconds of each round. */
interface Compared {
  /** Whorl as a whole process. */
  readonly process: number[];
  /** Whorl without the start of Node and the loading of the program. */
  readonly transfer: number[];
  readonly skopeo: number[];
}

async function compare(
  whorl: () => Promise<Driven>,
  other: () => Promise<unknown>,
): Promise<{ process: number; transfer: number; skopeo: number; moved: number }> {
  let driven: Driven = { moved: 0, ms: 0 };
  const wholeMs = await timed(async () => {
    driven = await whorl();
  });
  const otherMs = await timed(other);
  return { process: wholeMs, transfer: driven.ms, skopeo: otherMs, moved: driven.moved };
}

function reportResults(report: Report, results: Readonly<Record<string, Compared>>): void {
  for (const [name, { process: whole, transfer, skopeo: other }] of Object.entries(results)) {
    const [a, b, c] = [median(whole), median(transfer), median(other)];
    report.line(
      name,
      `${shown(a)} ms as a process, ${shown(b)} ms without its start, skopeo ${shown(c)} ms ` +
        `(${shown(a / c)}x, ${shown(b / c)}x)`,
    );
  }
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
  const drive = driveWith(await bundleDriver(folder));
  const layout = join(folder, "layout");
  const shared = join(folder, "cache-shared");
  const layoutName = `oci:${layout}:v1`;
  await drive("push", app, layoutName, join(folder, "cache"));
  const plain = { from: "--src-tls-verify=false", to: "--dest-tls-verify=false" };
  const results: Record<string, Compared> = {};
  for (let round = 0; round <= rounds; round++) {
    const ours = `${registry.host}/whorl-${round}/app:v1`;
    const theirs = `${registry.host}/skopeo-${round}/app:v1`;
    const cache = join(folder, `cache-${round}`);
    const target = `dir:${join(folder, `dir-${round}`)}`;
    const copy = (): Promise<string> => skopeo("copy", plain.to, layoutName, `docker://${theirs}`);
    const aside = `docker://${registry.host}/skopeo-layout-${round}/app:v1`;
    const copyAside = (): Promise<string> => skopeo("copy", plain.to, layoutName, aside);
    const push = (): Promise<Driven> => drive("push", app, ours, cache);
    const pairs = {
      // Whorl reads and packs the app first; skopeo has only to send.
      "push app": [push, copy],
      "push again": [push, copy],
      "push layout": [
        () => drive("push", layoutName, `${registry.host}/layout-${round}/app:v1`, shared),
        copyAside,
      ],
      pull: [
        () => drive("pull", ours, `${cache}-pull`),
        () => skopeo("copy", plain.from, `docker://${theirs}`, target),
      ],
    } as const;
    for (const [name, [whorl, other]] of Object.entries(pairs)) {
      const measured = await compare(whorl, other);
      if (name === "push again" && measured.moved !== 0) throw new Error("sent something again");
      // The first round warms up.
      if (round === 0) continue;
      const result = (results[name] ??= { process: [], transfer: [], skopeo: [] });
      result.process.push(measured.process);
      result.transfer.push(measured.transfer);
      result.skopeo.push(measured.skopeo);
    }
  }
  reportResults(report, results);
  report.end({ results });
} finally {
  await registry[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
}

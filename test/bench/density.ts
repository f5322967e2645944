/**
 * `npm run bench:density [-- --apps 5000 --digests 1000]`: many idle apps in one `whorl up --dir`.
 * What each takes (proportional set size, against the same process with ten of them), whether each
 * answers, and what processor time they use while nobody asks.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { builtKinds, writeVariants } from "./app-kinds.ts";
import { firstByte } from "./first-byte.ts";
import { Report, shown, whorlVersion } from "./report.ts";
import { processorSeconds, proportionalBytes, ServedFolder } from "./served-folder.ts";
import { summary } from "./statistics.ts";

const fewApps = 10;
const idleSeconds = 20;
const cores = "0,1";
/** Apps that are asked at once when each is asked. */
const atOnce = 4;
const kilobyte = 1_000;

interface Loaded {
  readonly command: string;
  readonly preparedSeconds: number;
  readonly bytes: number;
  /** Of one core, while nobody asks. */
  readonly idlePart: number;
  /** Milliseconds to the first byte, of each app in turn. */
  readonly firstMs: readonly number[];
  readonly failures: readonly string[];
}

/** Serves so many apps, and asks each of them once. */
async function measure(folder: string, apps: string, names: readonly string[]): Promise<Loaded> {
  const startedMs = performance.now();
  const cache = join(folder, "cache");
  await using served = await ServedFolder.start({ folder: apps, cache, cores });
  await served.prepared();
  const preparedSeconds = (performance.now() - startedMs) / 1000;
  await delay(idleSeconds * 100);
  const usedBefore = processorSeconds(served.pid);
  await delay(idleSeconds * 1000);
  const idlePart = (processorSeconds(served.pid) - usedBefore) / idleSeconds;
  const bytes = proportionalBytes(served.pid);
  const firstMs: number[] = [];
  const failures: string[] = [];
  for (let first = 0; first < names.length; first += atOnce) {
    const asked = names.slice(first, first + atOnce).map(async (name) => {
      const { ms, status } = await firstByte(served.port, `${name}.localhost`);
      firstMs.push(ms);
      if (status !== 200) failures.push(`${name}: ${status}`);
    });
    await Promise.all(asked);
  }
  return { command: served.command, preparedSeconds, bytes, idlePart, firstMs, failures };
}

/** A folder with `count` apps that are made of these components. */
function linkApps(folder: string, components: readonly string[], count: number): string[] {
  mkdirSync(folder);
  return Array.from({ length: count }, (_, index) => {
    const name = `app-${index}`;
    symlinkSync(components[index % components.length] ?? "", join(folder, `${name}.wasm`));
    return name;
  });
}

const { values } = parseArgs({
  options: {
    apps: { type: "string", default: "5000" },
    digests: { type: "string", default: "1000" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "whorl-density-"));
try {
  const rust = builtKinds().find(({ name }) => name === "rust");
  if (rust === undefined) throw new Error("the hello in Rust is not there: run npm test first");
  const components = writeVariants(rust, join(folder, "components"), Number(values.digests)).map(
    (name) => join(folder, "components", `${name}.wasm`),
  );
  const few = linkApps(join(folder, "few"), components, fewApps);
  const many = linkApps(join(folder, "many"), components, Number(values.apps));
  // Fills the cache: what is measured is a process that finds everything prepared.
  const first = await measure(folder, join(folder, "many"), []);
  const base = await measure(folder, join(folder, "few"), few);
  const report = new Report({
    name: "density",
    versions: { whorl: whorlVersion() },
    commands: [first.command],
  });
  const loaded = await measure(folder, join(folder, "many"), many);
  const perApp = (loaded.bytes - base.bytes) / (many.length - few.length) / kilobyte;
  const answered = many.length - loaded.failures.length;
  const firstByteMs = summary(loaded.firstMs);
  report.line("apps, distinct digests", `${many.length}, ${components.length}`);
  report.line("prepared, with an empty cache", `${shown(first.preparedSeconds)} s`);
  report.line("prepared, with a full cache", `${shown(loaded.preparedSeconds)} s`);
  report.line(`process with ${few.length} apps`, `${shown(base.bytes / 1e6)} MB`);
  report.line(`process with ${many.length} apps`, `${shown(loaded.bytes / 1e6)} MB`);
  report.line("first byte", `p50 ${shown(firstByteMs.p50)} ms, p99 ${shown(firstByteMs.p99)} ms`);
  for (const failure of loaded.failures.slice(0, 10)) report.line("failed", failure);
  report.verdict({
    ...{ figure: "memory of an idle app", measured: perApp, unit: "kB", reach: { atMost: 500 } },
  });
  report.verdict({
    ...{ figure: "processor while nobody asks", measured: loaded.idlePart * 100, unit: "%" },
    reach: { atMost: 1 },
  });
  report.verdict({
    ...{ figure: "apps that answer", measured: (answered / many.length) * 100, unit: "%" },
    reach: { atLeast: 100 },
  });
  const { firstMs: raw, ...rest } = loaded;
  report.end({ base, first, loaded: rest, perAppKilobytes: perApp, firstByteMs, raw });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

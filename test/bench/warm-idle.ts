import { cpSync } from "node:fs";
import { join } from "node:path";
import type { AppKind } from "./app-kinds.ts";
import { judgeIdle, measureIdle } from "./idle-first-bytes.ts";
import type { IdleApps, NamesOf, Reach } from "./idle-first-bytes.ts";
import type { Report } from "./report.ts";
import { ServedFolder } from "./served-folder.ts";

/** In milliseconds, of the table; asked of kinds that bring an interpreter. */
const reach: Readonly<Partial<Record<AppKind["name"], Reach>>> = {
  javascript: { p50MsMax: 1.5, p99MsMax: 6 },
  python: { p50MsMax: 1.5, p99MsMax: 6 },
};
const what = "idle app with a warm snapshot";
/** Instances may share what they ask for while they start: an interpreter's seed of its hashes. */
export const warming = ["--warm", "/", "--warm-shares", "random,time"];

export interface WarmIdleOptions extends Omit<IdleApps, "port"> {
  /** Has the apps, as `apps/NAME.wasm`. */
  readonly folder: string;
  readonly cache: string;
  readonly cores: string;
}

/** What the server says of an app of that kind which it cannot warm up, and why. */
function refusal(kind: AppKind["name"]): RegExp {
  return new RegExp(`^${kind}-.* cannot be warmed up: (.*)$`, "m");
}

/**
 * The same apps in another server, which lets each answer once before its first request and begins
 * behind that. Kinds that refuse it are not measured: they would be served as they are.
 */
export async function warmIdle(report: Report, options: WarmIdleOptions): Promise<object> {
  const { cache, cores, floor, rounds } = options;
  const folder = join(options.folder, "warm-apps");
  const names: NamesOf = new Map([...options.names].filter(([kind]) => reach[kind] !== undefined));
  for (const name of [...names.values()].flat()) {
    cpSync(join(options.folder, "apps", `${name}.wasm`), join(folder, `${name}.wasm`));
  }
  const warnings: string[] = [];
  const onWarning = (message: string): void => void warnings.push(message);
  const args = warming;
  await using served = await ServedFolder.start({ folder, cache, cores, args, onWarning });
  await served.prepared();
  const isWarm = ([kind]: readonly [AppKind["name"], unknown]): boolean => {
    const [, reason] = refusal(kind).exec(warnings.join("\n")) ?? [];
    if (reason !== undefined) report.line(`${kind}, ${what}`, `refused: ${reason}`);
    return reason === undefined;
  };
  const warm = new Map([...names].filter(isWarm));
  const measured = await measureIdle({ port: served.port, floor, names: warm, rounds });
  const figures = measured.map((each) => {
    const bounds = reach[each.kind];
    return bounds && judgeIdle(report, each, bounds, what);
  });
  return { warnings, figures, raw: measured };
}

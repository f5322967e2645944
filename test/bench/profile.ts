/**
 * `npm run bench:profile`: where the processor time of a hello goes, with telemetry and without, as V8's
 * profiler sees it. As in bench:telemetry one without is asked at the same moment. Being profiled costs
 * something itself: what telemetry costs is what bench:telemetry says.
 */
import { parseArgs } from "node:util";
import { freePort } from "../servers/server-process.ts";
import { type ProfilePart, profileParts, profileShares } from "./profile-parts.ts";
import { Profiler } from "./profiler.ts";
import { Report, shown, whorlVersion } from "./report.ts";
import { Served } from "./served.ts";
import { median } from "./statistics.ts";
import { base, hello, startCollector, type Variant, variants } from "./telemetry-variants.ts";
import { runWrks } from "./wrk.ts";

const serverCore = 0;
const loadCore = 1;
const connections = 16;

type Parts = ReadonlyMap<ProfilePart, number>;

/** Microseconds of a core that each part takes of a request. */
async function profiledPair(
  own: Variant,
  seconds: { readonly warmUp: number; readonly profiled: number },
): Promise<readonly [own: Parts, base: Parts]> {
  await using stack = new AsyncDisposableStack();
  const started = async (each: Variant): Promise<readonly [Served, Profiler]> => {
    const port = await freePort();
    const served = stack.use(await Served.start(inspected(each, port), hello, serverCore));
    return [served, stack.use(await Profiler.connect(port))];
  };
  const pair = [await started(own), await started(base)] as const;
  const urls = pair.map(([{ url }]) => url);
  await runWrks(urls, { connections, seconds: seconds.warmUp, core: loadCore });
  const before = pair.map(([served]) => served.cpuSeconds());
  for (const [, profiler] of pair) await profiler.start();
  const results = await runWrks(urls, { connections, seconds: seconds.profiled, core: loadCore });
  const parts = pair.map(async ([served, profiler], index): Promise<Parts> => {
    const cpuSeconds = served.cpuSeconds() - (before[index] ?? 0);
    const requests = (results[index]?.requestsPerSecond ?? 0) * seconds.profiled;
    const shares = profileShares(await profiler.stop());
    return new Map(
      [...shares].map(([part, share]) => [part, (share * cpuSeconds * 1e6) / requests]),
    );
  });
  const [ownParts, baseParts] = await Promise.all(parts);
  if (ownParts === undefined || baseParts === undefined) throw new Error("there are two of them");
  return [ownParts, baseParts];
}

function inspected(variant: Variant, port: number): Variant {
  const environment = `NODE_OPTIONS=--inspect=127.0.0.1:${port}`;
  return {
    ...variant,
    command: (file, listenPort) => ["env", environment, ...variant.command(file, listenPort)],
  };
}

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "8" },
    starts: { type: "string", default: "2" },
    "warm-up": { type: "string", default: "30" },
  },
});
const seconds = { warmUp: Number(values["warm-up"]), profiled: Number(values.seconds) };
const report = new Report({
  name: "profile",
  versions: { whorl: whorlVersion() },
  commands: ["npm run bench:profile"],
});
using receiver = await startCollector(loadCore);
const raw: object[] = [];
for (const variant of variants(receiver.port).filter(({ isOn }) => isOn)) {
  const pairs: (readonly [own: Parts, base: Parts])[] = [];
  while (pairs.length < Number(values.starts)) pairs.push(await profiledPair(variant, seconds));
  for (const part of profileParts) {
    const own = median(pairs.map(([each]) => each.get(part) ?? 0));
    const without = median(pairs.map(([, each]) => each.get(part) ?? 0));
    const text = `${shown(own)} us, ${shown(without)} us without telemetry beside it`;
    report.line(`${variant.name}: ${part}`, text);
  }
  raw.push({ variant: variant.name, pairs: pairs.map((pair) => pair.map((each) => [...each])) });
}
report.end({ variants: raw });

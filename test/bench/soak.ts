/**
 * `npm run bench:soak [-- --minutes 30]`: mixed load on 200 apps while a worker is killed every few
 * seconds. Nothing may be lost but what the killed workers were answering, and memory stays flat.
 */
import { parseArgs } from "node:util";
import { Report, shown, whorlVersion } from "./report.ts";
import { soak } from "./soak-run.ts";

const growthMax = 1.1;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
    apps: { type: "string", default: "200" },
  },
});
const report = new Report({
  name: "soak",
  versions: { whorl: whorlVersion() },
  commands: [`npm run bench:soak -- --minutes ${values.minutes} --apps ${values.apps}`],
});
const found = await soak({ apps: Number(values.apps), seconds: Number(values.minutes) * 60 });
report.line("minutes, apps, clients", `${values.minutes}, ${found.apps}, ${found.clients}`);
report.line("answers", String(found.answered));
report.line("workers killed, requests they were answering", `${found.kills}, ${found.inFlight}`);
for (const [what, count] of Object.entries(found.failures)) {
  report.line(`failed with ${what}`, String(count));
}
report.line("memory at the end", `${shown(found.megabytes.at(-1) ?? Number.NaN)} MB`);
report.line("processor", `${shown(found.processorSeconds)} s`);
report.verdict({
  ...{ figure: "lost beyond killed workers", measured: found.lost, unit: "requests" },
  reach: { atMost: 0 },
});
report.verdict({
  ...{ figure: "memory, last quarter / second quarter", measured: found.growth, unit: "x" },
  reach: { atMost: growthMax },
});
report.end({ minutes: Number(values.minutes), ...found });

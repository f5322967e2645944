import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Contestant } from "./contestants.ts";

export const hello: string = fileURLToPath(
  new URL("../../wasm-apps/hello-rust/hello.wasm", import.meta.url),
);
/** Who loses less than 2 and 10 % of the answers per second takes so many times the processor time. */
const offCostMax = 1.02;
const onCostMax = 1.11;

const whorl = fileURLToPath(new URL("../../bin/whorl.js", import.meta.url));
const without = fileURLToPath(new URL("up-without-telemetry.ts", import.meta.url));
const collector = `require("node:http").createServer((request, response) => {
  request.resume().on("end", () => response.end());
}).listen(0, "127.0.0.1", function () { console.log(this.address().port); });`;

/** A way to be looked at. */
export interface Variant extends Contestant {
  /** How many times as much as without telemetry it may cost. */
  readonly costMax: number;
  /** Somebody looks. */
  readonly isOn: boolean;
}

function up(
  name: string,
  costMax: number,
  { flags = [], environment = [] }: { flags?: readonly string[]; environment?: readonly string[] },
): Variant {
  return {
    name,
    version: "",
    costMax,
    isOn: costMax === onCostMax,
    command: (file, port) => [
      ...["env", ...environment, process.execPath, whorl, "up", file, "--quiet", ...flags],
      ...["--listen", `127.0.0.1:${port}`],
    ],
  };
}

/** The program that has no telemetry at all. */
function bare(name: string): Variant {
  const command = (file: string, port: number): string[] => [
    ...[process.execPath, without, file, String(port)],
  ];
  return { name, version: "", costMax: Infinity, isOn: false, command };
}

/** What the others are compared with. */
export const base: Variant = bare("without telemetry");

export function variants(collectorPort: number): Variant[] {
  const endpoint = `OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:${collectorPort}`;
  const sampled = ["OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.01"];
  return [
    // What two starts of one program differ by.
    bare("without telemetry, another start"),
    up("off", offCostMax, {}),
    up("metrics", onCostMax, { flags: ["--metrics-listen", "127.0.0.1:0"] }),
    up("metrics, logs, 1 of 100 traces", onCostMax, { environment: [endpoint, ...sampled] }),
    up("metrics, logs, all traces", onCostMax, { environment: [endpoint] }),
    up("console", onCostMax, { flags: ["--console", "127.0.0.1:0"] }),
  ];
}

/** Takes whatever is sent to it; on a core of its own. */
export async function startCollector(
  core: number,
): Promise<{ readonly port: number } & Disposable> {
  const args = ["-c", String(core), process.execPath, "-e", collector];
  const child = spawn("taskset", args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { port: Number(line.toString()), [Symbol.dispose]: () => void child.kill() };
}

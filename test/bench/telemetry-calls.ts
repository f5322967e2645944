import { noTelemetry } from "../../runtime/telemetry/no-telemetry.ts";
import { openTelemetry } from "../../runtime/telemetry/open-telemetry.ts";
import type { TelemetryOptions } from "../../runtime/telemetry/open-telemetry.ts";
import type { HandlerTelemetry, Telemetry } from "../../runtime/telemetry/telemetry.ts";

/** Processor time that one request spends on telling of itself, without the request. */
export interface CallsCost {
  readonly name: string;
  readonly cpuUs: number;
}

const requests = 20_000;
const rounds = 15;
/** Requests between two moments in which something can be sent. */
const turn = 100;

const request = {
  method: "GET",
  scheme: "http",
  target: "/",
  rawHeaders: ["Host", "127.0.0.1:3000", "User-Agent", "bench"],
  peer: { remoteAddress: "127.0.0.1", remotePort: 41_234 },
};

/** What the calls of one request cost by themselves; the quietest of several rounds. */
export async function telemetryCallCosts(endpoint: string): Promise<CallsCost[]> {
  const exporting = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
  const sampled = {
    OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0.01",
  };
  const costs = [{ name: "without telemetry", cpuUs: await costOf(noTelemetry) }];
  const opened: readonly [string, Partial<TelemetryOptions>][] = [
    ["off", { begin: "asked" }],
    ["metrics", {}],
    ["metrics, logs, 1 of 100 traces", { environment: { ...exporting, ...sampled } }],
    ["metrics, logs, all traces", { environment: exporting }],
    ["console", { keepsRequests: true }],
  ];
  for (const [name, options] of opened) {
    const telemetry = await openTelemetry({
      environment: {},
      resource: { version: "1", hostName: "bench", pid: process.pid },
      onWarning: (message) => console.log(message),
      onLinesDropped: () => undefined,
      ...options,
    });
    costs.push({ name, cpuUs: await costOf(telemetry) });
    await telemetry.close();
  }
  return costs;
}

async function costOf(telemetry: Telemetry): Promise<number> {
  const identity = { app: "hello", component: "hello", trigger: "http", route: "/..." } as const;
  const handler = telemetry.handler(identity);
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    for (let done = 0; done < requests; done += turn) {
      for (let at = 0; at < turn; at++) tell(handler);
      await new Promise(setImmediate);
    }
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / requests);
  }
  return best;
}

/** As a request of HTTP does. */
function tell(handler: HandlerTelemetry): void {
  const invocation = handler.begin(request);
  invocation.instanceWanted();
  invocation.instanceTaken("reset");
  invocation.responded(200);
  invocation.resetStarted();
  invocation.resetEnded();
  invocation.end();
}

import { errorText, WhorlError } from "../../runtime/error.ts";
import { limits } from "../../runtime/limits.ts";
import { FleetUsage, type FleetRow } from "../../runtime/telemetry/live/fleet-usage.ts";
import type { UsageSnapshot } from "../../runtime/telemetry/live/usage-snapshot.ts";
import {
  type ExposedValue,
  readExposition,
} from "../../runtime/telemetry/metrics/read-exposition.ts";

/** One look at what is to be shown; {@link TopOptions.usage}. */
export type LookAtUsage = (signal: AbortSignal) => Promise<UsageSnapshot>;

/** A process that offers metrics. */
export interface MetricsTarget {
  /** As the table names it. */
  readonly name: string;
  /** The text of its metrics. */
  read(signal: AbortSignal): Promise<string>;
}

const readMsMax = 5_000;
/** Asked at the same time. */
const readsMax = 16;

/**
 * Looks at all processes that `targets` names at that moment. One that does not answer is left out;
 * rejects with WhorlError `listen` where none does.
 */
export function fleetSource(
  targets: (signal: AbortSignal) => Promise<readonly MetricsTarget[]>,
  rowsAre: FleetRow,
): LookAtUsage {
  const fleet = new FleetUsage(rowsAre);
  return async (signal) => {
    const found = await targets(signal);
    const exposed = new Map<string, readonly ExposedValue[]>();
    const problems: string[] = [];
    for (let at = 0; at < found.length; at += readsMax) {
      await Promise.all(
        found.slice(at, at + readsMax).map(async (target) => {
          try {
            const text = await target.read(
              AbortSignal.any([signal, AbortSignal.timeout(readMsMax)]),
            );
            exposed.set(target.name, readExposition(text));
          } catch (error) {
            problems.push(`${target.name}: ${errorText(error)}`);
          }
        }),
      );
    }
    if (exposed.size === 0 && problems.length > 0) {
      throw new WhorlError("listen", `no metrics: ${problems.slice(0, 3).join("; ")}`);
    }
    return fleet.look(exposed, performance.now());
  };
}

/** What Prometheus would scrape at an address; `/metrics` where that names no path. */
export function urlTarget(address: string): MetricsTarget {
  const url = URL.parse(address.includes("://") ? address : `http://${address}`);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new WhorlError("usage", `"${address}" is no address of metrics, as http://host:9464 is`);
  }
  if (url.pathname === "/") url.pathname = "/metrics";
  return {
    name: url.host,
    async read(signal) {
      const response = await fetch(url, { signal });
      if (!response.ok) throw new WhorlError("listen", `it answers ${response.status}`);
      return boundedText(response);
    },
  };
}

async function boundedText(response: Response): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > limits.adminLineCharsMax) {
      throw new WhorlError("listen", "its answer is too long for metrics");
    }
  }
  return text;
}

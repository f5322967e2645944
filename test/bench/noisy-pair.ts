import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { summary } from "./statistics.ts";
import type { Summary } from "./statistics.ts";
import { floodWithWrk } from "./wrk-flood.ts";

/** Where an app is asked, and how it is called there. */
export interface Target {
  readonly address: string;
  readonly port: number;
  readonly host: string;
}

/** Two apps that share something, and what they share it in. */
export interface Pair {
  readonly name: string;
  readonly flooded: Target;
  readonly quiet: Target;
}

export interface MeasuredPair {
  readonly name: string;
  readonly alone: Summary;
  readonly flooded: Summary;
  /** Raw, of the quiet app while the other one is flooded. */
  readonly floodedMs: readonly number[];
  /** Answers of the flooded app in a second. */
  readonly floodPerSecond: number;
}

const floodConnections = 64;
const warmUpSeconds = 3;
const client = fileURLToPath(new URL("quiet-client.ts", import.meta.url));
/** So that the client, which shares its core with the flood, is not what is measured. */
const clientNice = -15;

/** The quiet app's answers alone, then while the load generator on `loadCore` floods the other. */
export async function measurePair(
  pair: Pair,
  { seconds, loadCore }: { readonly seconds: number; readonly loadCore: number },
): Promise<MeasuredPair> {
  const { address, port, host } = pair.flooded;
  const flood = (duration: number): ReturnType<typeof floodWithWrk> =>
    floodWithWrk({
      ...{ url: `http://${address}:${port}/`, host },
      ...{ connections: floodConnections, seconds: duration, core: loadCore },
    });
  await flood(warmUpSeconds);
  const alone = await ask(pair, seconds, loadCore);
  const flooding = flood(seconds + 3);
  await delay(1000);
  const flooded = await ask(pair, seconds, loadCore);
  const { requestsPerSecond } = await flooding;
  return {
    ...{ name: pair.name, floodPerSecond: requestsPerSecond, floodedMs: flooded },
    ...{ alone: summary(alone), flooded: summary(flooded) },
  };
}

async function ask({ quiet }: Pair, seconds: number, core: number): Promise<number[]> {
  const { address, port, host } = quiet;
  const args = ["-n", String(clientNice), "taskset", "-c", String(core), process.execPath, client];
  args.push(...[address, port, host, seconds].map(String));
  // Who may not raise priorities is told by nice, and measured all the same.
  const child = spawn("nice", args, { stdio: ["ignore", "pipe", "inherit"] });
  const [output] = await Promise.all([text(child.stdout), once(child, "close")]);
  if (child.exitCode !== 0) throw new Error("the quiet app was not answered");
  return JSON.parse(output) as number[];
}

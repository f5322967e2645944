import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";

/** What one run of wrk says. */
export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Failed connections, time-outs and answers other than 2xx and 3xx. */
  readonly errors: number;
}

export interface Load {
  readonly connections: number;
  readonly seconds: number;
  /** Core that the load generator runs on, or cores as taskset takes them. */
  readonly core: number | string;
}

const unitUs: Readonly<Record<string, number>> = { us: 1, ms: 1_000, s: 1_000_000 };

/** Puts load on a server. */
export function runWrk(url: string, load: Load): LoadResult {
  return parseWrk(execFileSync("taskset", wrkArguments(url, load), { encoding: "utf8" }));
}

/** Puts load on several servers at the same moment, each from a program of its own. */
export function runWrks(urls: readonly string[], load: Load): Promise<LoadResult[]> {
  const results = urls.map(async (url) => {
    const { stdout } = await promisify(execFile)("taskset", wrkArguments(url, load));
    return parseWrk(stdout);
  });
  return Promise.all(results);
}

function wrkArguments(url: string, load: Load): string[] {
  const args = ["-c", String(load.core), "wrk", "--threads", "1", "--latency"];
  args.push("--connections", String(load.connections), "--duration", `${load.seconds}s`, url);
  return args;
}

/** Reads wrk's report; throws where it is not one. */
export function parseWrk(report: string): LoadResult {
  return {
    requestsPerSecond: Number(field(report, /^Requests\/sec:\s+([\d.]+)/m)),
    p50Us: durationUs(field(report, /^\s+50%\s+(\S+)/m)),
    p99Us: durationUs(field(report, /^\s+99%\s+(\S+)/m)),
    errors: errorsOf(report),
  };
}

function field(report: string, pattern: RegExp): string {
  const value = pattern.exec(report)?.[1];
  if (value === undefined) throw new Error(`no ${pattern} in the report of wrk:\n${report}`);
  return value;
}

function durationUs(text: string): number {
  const [, number, unit = ""] = /^([\d.]+)(us|ms|s)$/.exec(text) ?? [];
  return Number(number) * (unitUs[unit] ?? Number.NaN);
}

function errorsOf(report: string): number {
  const refused = /Non-2xx or 3xx responses: (\d+)/.exec(report)?.[1] ?? "0";
  const broken = /Socket errors: (.*)/.exec(report)?.[1] ?? "";
  const counts = [refused, ...Array.from(broken.matchAll(/\d+/g), ([count]) => count)];
  return counts.reduce((total, count) => total + Number(count), 0);
}

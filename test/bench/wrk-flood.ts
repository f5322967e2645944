import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseWrk } from "./wrk.ts";
import type { LoadResult } from "./wrk.ts";

export interface Flood {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** Core that the load generator runs on, or cores as taskset takes them. */
  readonly core: number | string;
  readonly threads?: number;
  /** Who is asked, where the address does not say it. */
  readonly host?: string;
  /** Bytes of a body that each request has; then it is a POST. */
  readonly bodyBytes?: number;
}

/** The server does not take a single connection. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
}

/** Load on a server while something else is measured. Throws {@link UnreachableError}. */
export async function floodWithWrk(flood: Flood): Promise<LoadResult> {
  const { url, connections, seconds, core, threads = 1, host, bodyBytes } = flood;
  const folder = mkdtempSync(join(tmpdir(), "whorl-wrk-"));
  try {
    const args = ["-c", String(core), "wrk", "--latency", "--timeout", "20s"];
    args.push(
      "--threads",
      String(threads),
      "--connections",
      String(connections),
      "--duration",
      `${seconds}s`,
    );
    if (host !== undefined) args.push("--header", `Host: ${host}`);
    if (bodyBytes !== undefined) {
      const script = join(folder, "post.lua");
      writeFileSync(script, `wrk.method = "POST"\nwrk.body = string.rep("x", ${bodyBytes})\n`);
      args.push("--script", script);
    }
    const child = spawn("taskset", [...args, url], { stdio: ["ignore", "pipe", "inherit"] });
    child.stdout.setEncoding("utf8");
    let report = "";
    child.stdout.on("data", (text: string) => (report += text));
    const [code] = (await once(child, "close")) as [number | null];
    // What went wrong it has written on our stderr.
    if (code !== 0 && report === "") throw new UnreachableError(`wrk cannot reach ${url}`);
    return parseWrk(report);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

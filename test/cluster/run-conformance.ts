import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { ConformanceReport } from "../../deploy/conformance/report.ts";
import type { ClusterClient } from "./cluster-client.ts";

const program = fileURLToPath(new URL("../../deploy/conformance/main.ts", import.meta.url));

export interface Ended {
  readonly exitCode: number | null;
  readonly output: string;
}

export interface Conformance extends Ended {
  readonly report: ConformanceReport;
  /** The report for people. */
  readonly page: string;
}

/** Runs one of our programs with the administrator's kubeconfig. */
export async function runProgram(cluster: ClusterClient, args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [...args, "--kubeconfig", cluster.access.kubeconfig], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return { exitCode: child.exitCode, output };
}

/** `npm run conformance` on the tier's cluster; its report goes into a folder. */
export async function runConformance(cluster: ClusterClient, folder: string): Promise<Conformance> {
  const image = ["--image", "registry.example/whorl/hello:1", "--timeout", "60"];
  const ended = await runProgram(cluster, [program, ...image, "--report", folder]);
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  const report = JSON.parse(read("conformance.json")) as ConformanceReport;
  return { ...ended, report, page: read("conformance.md") };
}

/** Names of the checks that came out like this. */
export function checksThat(
  { items }: ConformanceReport,
  status: "passed" | "failed" | "not applicable",
): readonly string[] {
  return items
    .flatMap(({ checks }) => checks)
    .filter((check) => check.status === status)
    .map(({ name }) => name)
    .toSorted();
}

/** Replays docs/install.md: each command as it stands there, each output compared. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { helmTool } from "../servers/helm.ts";
import { kubernetesTool } from "../servers/kubernetes-tools.ts";
import { outputPattern, stepsOf } from "../transcript.ts";
import { clusterValues } from "./install-chart.ts";
import { sharedCluster } from "./shared-cluster.ts";

const { access } = sharedCluster();
const root = fileURLToPath(new URL("../..", import.meta.url));
const tools = [helmTool(), kubernetesTool("kubectl")].map((path) => dirname(path));

function run(command: string): string {
  const { stdout, stderr, status } = spawnSync("sh", ["-c", command], {
    cwd: root,
    encoding: "utf8",
    env: { ...env, KUBECONFIG: access.kubeconfig, PATH: [...tools, env["PATH"]].join(":") },
  });
  if (status !== 0) throw new Error(`${command}: ${stderr}${stdout}`);
  return stdout;
}

/** @proves `kubectl port-forward`, the API server's proxy */
test("the page about installing does what it says", () => {
  const own = clusterValues.map((value) => `--set '${value}'`).join(" ");
  const text = readFileSync(new URL("../../docs/install.md", import.meta.url), "utf8")
    // The registry of this cluster, and what is different on a machine with two processors.
    .replace("--wait\n", `--wait ${own}\n`);
  const steps = stepsOf(text);
  expect(steps.length).toBeGreaterThan(8);
  for (const { command, output } of steps) {
    expect(run(command), command).toMatch(outputPattern(output));
  }
});

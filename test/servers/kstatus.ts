import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { goTool } from "./go-tool.ts";
import { kubernetesModules } from "./kubernetes-tools.ts";

/** What kstatus makes of an object. */
export interface ComputedStatus {
  readonly status: "InProgress" | "Failed" | "Current" | "Terminating" | "NotFound" | "Unknown";
  readonly message: string;
}

/** The library's copy that Helm 4 and Flux are built with. */
const cliUtils = "github.com/fluxcd/cli-utils";
const version = "v0.36.0-flux.14";

/** Path of a program around the library that decides for Helm and Flux what is ready; built the first time. */
export function kstatusTool(): string {
  const source = readFileSync(new URL("kstatus.go", import.meta.url), "utf8");
  const digest = createHash("sha256").update(source).digest("hex").slice(0, 8);
  return goTool({
    name: "kstatus",
    package: ".",
    version: `${version}-${digest}`,
    source,
    ...kubernetesModules("whorl.test/tools", `${cliUtils} ${version}`),
  });
}

/** What kstatus makes of objects, in their order. */
export function kstatus(objects: readonly object[]): readonly ComputedStatus[] {
  const input = objects.map((object) => JSON.stringify(object)).join("\n");
  const { status, stdout, stderr } = spawnSync(kstatusTool(), { input, encoding: "utf8" });
  if (status !== 0) throw new Error(`kstatus: ${stderr}`);
  const lines = stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const { Status, Message } = JSON.parse(line) as { Status: string; Message: string };
    return { status: Status as ComputedStatus["status"], message: Message };
  });
}

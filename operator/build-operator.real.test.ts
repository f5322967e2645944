import { spawnSync } from "node:child_process";
import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildOperator, operatorNodeFlags } from "./build-operator.ts";

test("the bundle runs alone, without the classes of the client that nobody uses", async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), "whorl-test-"));
  const outfile = join(folder.path, "operator.mjs");
  const { outputs } = await buildOperator(outfile);
  const [inputs = {}] = Object.entries(outputs)
    .filter(([name]) => name.endsWith("operator.mjs"))
    .map(([, output]) => output.inputs);
  const models = Object.entries(inputs).filter(([name]) => name.includes("/gen/models/"));
  expect(models.reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0)).toBe(0);
  const args = [...operatorNodeFlags, outfile, "--unknown"];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect(stderr).toContain("--metrics-bind-address ADDRESS");
  expect(status).toBe(2);
});

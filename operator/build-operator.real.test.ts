import { spawnSync } from "node:child_process";
import { mkdtempDisposableSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Metafile } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeConsole } from "../console/build-console.ts";
import { ServerProcess, freePort } from "../test/servers/server-process.ts";
import { buildOperator, operatorNodeFlags } from "./build-operator.ts";

let folder: ReturnType<typeof mkdtempDisposableSync>;
let outfile: string;
let outputs: Metafile["outputs"];

beforeAll(async () => {
  folder = mkdtempDisposableSync(join(tmpdir(), "whorl-test-"));
  outfile = join(folder.path, "operator.mjs");
  ({ outputs } = await buildOperator(outfile));
});

afterAll(() => folder.remove());

test("the bundle runs alone, without the classes of the client that nobody uses", () => {
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

test("the bundle serves the console's page from the files beside it, without a cluster", async () => {
  const kubeconfig = join(folder.path, "config");
  await writeConsole(join(folder.path, "console"));
  const [port, nowhere] = [await freePort(), await freePort()];
  writeFileSync(
    kubeconfig,
    `{apiVersion: v1, kind: Config, current-context: x, contexts: [{name: x, context: {cluster: x, user: x}}], users: [{name: x, user: {token: x}}], clusters: [{name: x, cluster: {server: "http://127.0.0.1:${nowhere}"}}]}`,
  );
  let page = "";
  const listening = [
    ...["--metrics-bind-address=0", "--health-probe-bind-address=0"],
    ...["--console", "--console-secure=false", `--console-bind-address=127.0.0.1:${port}`],
  ];
  await using _operator = await ServerProcess.start({
    program: process.execPath,
    args: [...operatorNodeFlags, outfile, "--kubeconfig", kubeconfig, ...listening],
    probe: async () => {
      page = await (await fetch(`http://127.0.0.1:${port}/`)).text();
    },
  });
  expect(page).toMatch(/<script[^>]+src="\/page-\w+\.js"/);
  const [script = ""] = /\/page-\w+\.js/.exec(page) ?? [];
  expect((await fetch(`http://127.0.0.1:${port}${script}`)).status).toBe(200);
  // Nothing was read of the cluster yet: nobody is told that they may or may not.
  const headers = { authorization: "Bearer x" };
  const answer = await fetch(`http://127.0.0.1:${port}/api/apps`, { headers });
  expect(answer.status).toBe(503);
});

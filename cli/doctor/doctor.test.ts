import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCommand } from "../build/command-run.ts";
import { doctorCommand } from "./doctor-command.ts";
import { readFacts } from "./read-facts.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "whorl-test-"));
});
afterEach(() => rm(directory, { recursive: true }));

test("whorl doctor finds this Node fit, and says so for programs too", async () => {
  const { io, exitCode } = runCommand(doctorCommand, ["--output", "json"]);
  expect(await exitCode).toBe(0);
  const findings = io.written.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { check: string; state: string });
  expect(findings).toContainEqual({
    check: "node",
    state: "ok",
    message: `Node ${process.versions.node}`,
  });
  expect(findings.find(({ check }) => check === "kubeconfig")?.state).toBe("note");
});

test("whorl doctor ends with 1 when something is missing", async () => {
  const { io, exitCode } = runCommand(doctorCommand, ["--cluster", "-r", "127.0.0.1:1"]);
  expect(await exitCode).toBe(1);
  expect(io.written.stdout).toMatch(/missing {2}kubeconfig: there is no kubeconfig/);
  expect(io.written.stdout).toMatch(/missing {2}registry 127\.0\.0\.1:1: does not answer/);
});

test("whorl doctor tells a cluster that does not answer", async () => {
  const kubeconfig = join(directory, "config");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "far",
    clusters: [{ name: "far", cluster: { server: "https://127.0.0.1:1" } }],
    users: [{ name: "far", user: {} }],
    contexts: [{ name: "far", context: { cluster: "far", user: "far" } }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const { io, exitCode } = runCommand(doctorCommand, ["--cluster", "--kubeconfig", kubeconfig]);
  expect(await exitCode).toBe(1);
  expect(io.written.stdout).toMatch(/missing {2}kubeconfig: context far: .*does not answer/);
});

test("readFacts finds what a node has", async () => {
  for (const folder of ["sys/fs/cgroup/memory", "run/k3s/containerd", "bin"]) {
    await mkdir(join(directory, folder), { recursive: true });
  }
  await writeFile(join(directory, "run/k3s/containerd/containerd.sock"), "");
  await writeFile(join(directory, "bin/containerd-shim-whorl-v1"), "");
  const options = { registries: [], insecure: false, root: directory };
  const environment = { PATH: join(directory, "bin") };
  const facts = await readFacts({ ...options, environment });
  expect(facts.cgroupVersion).toBe(1);
  expect(facts.containerd).toMatchObject({
    socket: join(directory, "run/k3s/containerd/containerd.sock"),
    shim: join(directory, "bin/containerd-shim-whorl-v1"),
  });
  await writeFile(join(directory, "sys/fs/cgroup/cgroup.controllers"), "");
  expect((await readFacts({ ...options, environment })).cgroupVersion).toBe(2);
});

test.each<[status: number, access: string]>([
  [200, "open"],
  [401, "login"],
  [404, "failed"],
])("readFacts asks a registry that answers %d", async (status, access) => {
  const server = createServer((_request, response) => response.writeHead(status).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(join(directory, "config.json"), JSON.stringify({ auths: { [host]: {} } }));
  const { registries } = await readFacts({
    environment: { DOCKER_CONFIG: directory },
    registries: [host],
    insecure: true,
    root: directory,
  });
  server.close();
  expect(registries).toMatchObject([{ host, access, hasCredentials: true }]);
});

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { KubeApiServer, kubeApiServerObstacle } from "../../test/servers/kube-apiserver.ts";
import { runCommand } from "../build/command-run.ts";
import type { CommandRun } from "../build/command-run.ts";
import type { MakeCommand } from "../command.ts";
import { createPrompt } from "../new/prompt.ts";
import { deleteCommand, getCommand, listCommand } from "./app-commands.ts";
import { tailCommand } from "../tail/tail-command.ts";
import { deployCommand } from "./deploy-command.ts";
import { connectCommand, logsCommand } from "./pod-commands.ts";

/** The commands over a cluster, against a real API server; nothing runs the pods. */
let server: KubeApiServer;
const crds = fileURLToPath(new URL("../../deploy/crds/", import.meta.url));

beforeAll(async () => {
  const obstacle = kubeApiServerObstacle();
  if (obstacle !== undefined) throw new Error(obstacle);
  server = await KubeApiServer.start();
});

afterAll(() => server?.[Symbol.asyncDispose]());

function run(make: MakeCommand, ...args: string[]): CommandRun {
  const environment = { KUBECONFIG: server.kubeconfigFile, SPIN_KUBE_DISABLE_DIR_CONTEXT: "true" };
  return runCommand(make, args, { environment });
}

async function outputOf(make: MakeCommand, ...args: string[]): Promise<string> {
  const { io, exitCode } = run(make, ...args);
  await exitCode;
  return io.written.stdout;
}

/** Deletes without asking. */
const deleteQuietly: MakeCommand = (dependencies) => deleteCommand(dependencies, undefined);

function deleteAsking(answer: string): MakeCommand {
  return (dependencies) =>
    deleteCommand(
      dependencies,
      createPrompt(() => Promise.resolve(answer)),
    );
}

test("a cluster without the operator's kinds is told apart", async () => {
  await expect(outputOf(listCommand)).rejects.toThrow(
    "the cluster does not know SpinApp (core.spinkube.dev/v1alpha1); install the operator first",
  );
  await expect(outputOf(deployCommand, "-f", "ghcr.io/me/shop:1")).rejects.toThrow(
    "install the operator first",
  );
});

describe("with the operator's kinds", () => {
  beforeAll(async () => {
    server.kubectl(["apply", "--server-side", "-f", crds]);
    // The API server takes a while to serve new kinds.
    await vi.waitFor(() => server.kubectl(["get", "spinapps"]), { timeout: 60_000, interval: 300 });
    server.kubectl(["create", "namespace", "other"]);
  });

  test("deploy makes, changes and leaves an app", async () => {
    const args = ["-f", "ghcr.io/me/shop:1", "-v", "mode=true", "-r", "3"];
    expect(await outputOf(deployCommand, ...args)).toBe("spinapp.core.spinkube.dev/shop created\n");
    expect(await outputOf(deployCommand, ...args)).toMatch(/shop unchanged\n$/);
    expect(await outputOf(deployCommand, ...args, "--component", "a")).toMatch(/configured\n$/);
    const spec = server.kubectl(["get", "spinapp", "shop", "-o", "jsonpath={.spec}"]);
    expect(JSON.parse(spec)).toMatchObject({
      image: "ghcr.io/me/shop:1",
      replicas: 3,
      variables: [{ name: "mode", value: "true" }],
      components: ["a"],
    });
  });

  test("deploy says who else set a field, and takes it over when told", async () => {
    server.kubectl([
      ...["patch", "spinapp", "shop", "--type=merge", "--field-manager=other"],
      ...["-p", '{"spec":{"replicas":7}}'],
    ]);
    const args = ["-f", "ghcr.io/me/shop:1", "-r", "4"];
    await expect(outputOf(deployCommand, ...args)).rejects.toThrow(/replicas.*--force-conflicts/s);
    expect(await outputOf(deployCommand, ...args, "--force-conflicts")).toMatch(/configured/);
  });

  test("deploy makes Secrets, autoscalers and Jobs too", async () => {
    const scaling = ["--autoscaler", "hpa", "--cpu-limit", "1", "--memory-limit", "1Gi"];
    const config = fileURLToPath(new URL("golden/plain.txt", import.meta.url));
    const all = ["-f", "ghcr.io/me/scaled:1", "-c", config, ...scaling, "-n", "other"];
    expect(await outputOf(deployCommand, ...all)).toBe(
      "spinapp.core.spinkube.dev/scaled created\nsecret/scaled-runtime-config created\n" +
        "horizontalpodautoscaler.autoscaling/scaled-autoscaler created\n",
    );
    const daily = ["-f", "ghcr.io/me/daily:1", "--schedule", "0 3 * * *", "-n", "other"];
    expect(await outputOf(deployCommand, ...daily)).toBe("cronjob.batch/daily created\n");
    const once = ["-f", "ghcr.io/me/once:1", "--kind", "job", "--argument", "a", "-n", "other"];
    expect(await outputOf(deployCommand, ...once)).toBe("job.batch/once created\n");
  });

  test("deploy --dry-run changes nothing", async () => {
    const text = await outputOf(deployCommand, "-f", "ghcr.io/me/dry:1", "--dry-run");
    expect(text).toContain("kind: SpinApp");
    await expect(outputOf(getCommand, "dry")).rejects.toThrow('there is no app "dry"');
  });

  test("deploy tells what the cluster refuses", async () => {
    const args = ["-f", "ghcr.io/me/a_b:1"];
    await expect(outputOf(deployCommand, ...args)).rejects.toThrow(/cannot apply SpinApp a_b/);
  });

  test("list shows the apps of a namespace, or of all", async () => {
    expect(await outputOf(listCommand)).toBe(
      "NAMESPACE   NAME   EXECUTOR               READY\n" +
        "default     shop   containerd-shim-spin   0/4\n",
    );
    const everywhere = await outputOf(listCommand, "-A", "--output", "json");
    const names = everywhere
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { metadata: { name: string } }).metadata.name);
    expect(names).toEqual(["shop", "scaled"]);
    expect(await outputOf(listCommand, "-n", "empty")).toBe(
      "NAMESPACE   NAME   EXECUTOR   READY\n",
    );
  });

  test("get shows one app", async () => {
    server.kubectl([
      ...["patch", "spinapp", "shop", "--subresource=status", "--type=merge", "-p"],
      '{"status":{"readyReplicas":2,"conditions":[{"type":"Available","status":"False","reason":"R","message":"why","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}',
    ]);
    const text = await outputOf(getCommand, "shop");
    expect(text).toContain("default     shop   containerd-shim-spin   2/4");
    expect(text).toContain("Image: ghcr.io/me/shop:1\nAvailable: False (R): why\n");
    const json = JSON.parse(await outputOf(getCommand, "shop", "--output", "json")) as object;
    expect(json).toMatchObject({ kind: "SpinApp", metadata: { name: "shop" } });
  });

  test("logs and connect say that there are no pods", async () => {
    await expect(outputOf(logsCommand, "shop")).rejects.toThrow(
      'the app "shop" has no pods in the namespace "default"; whorl get tells why',
    );
    await expect(outputOf(logsCommand, "absent")).rejects.toThrow('there is no app "absent"');
    await expect(outputOf(connectCommand, "shop")).rejects.toThrow("has no pods");
    await expect(outputOf(connectCommand, "-l", "a=b")).rejects.toThrow(
      "what was selected has no pods",
    );
    await expect(outputOf(connectCommand, "-l", "a=(")).rejects.toThrow("cannot list pods");
  });

  test("logs and connect say why a pod cannot be reached", async () => {
    const pod = (name: string, place: object): string =>
      JSON.stringify({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, labels: { "core.spinkube.dev/app-name": "shop" } },
        spec: { containers: [{ name: "shop", image: "x" }], ...place },
      });
    server.kubectl(["apply", "-f", "-"], pod("shop-1", {}));
    expect(await outputOf(logsCommand, "shop", "--tail", "3")).toBe("");
    await expect(outputOf(connectCommand, "shop", "--pod-running-timeout", "0s")).rejects.toThrow(
      "the pod shop-1 is not ready after 0 s (Pending); whorl logs",
    );
    server.kubectl(["apply", "-f", "-"], pod("shop-2", { nodeName: "absent" }));
    await expect(outputOf(logsCommand, "shop")).rejects.toThrow(
      /cannot read the log of shop-2: .*absent/,
    );
  });

  test("delete asks, unless it is told not to", async () => {
    await expect(outputOf(deleteQuietly, "shop")).rejects.toThrow("add --yes");
    expect(await outputOf(deleteAsking("n"), "shop")).toBe("");
    expect(await outputOf(getCommand, "shop")).toContain("shop");
    expect(await outputOf(deleteAsking("y"), "shop")).toBe("Deleted shop\n");
    expect(await outputOf(deleteQuietly, "scaled", "--yes", "-n", "other")).toBe(
      "Deleted scaled\n",
    );
    await expect(outputOf(deleteQuietly, "shop", "-y")).rejects.toThrow(
      'there is no app "shop" in the namespace "default"',
    );
  });
});

describe("tail over the pods of a cluster", () => {
  const place = ["--cluster", "-n", "tailed"];
  let weak = "";
  beforeAll(() => {
    server.kubectl(["create", "namespace", "tailed"]);
    weak = `${server.kubeconfigFile}-weak`;
    writeFileSync(weak, server.kubeConfig({ token: server.weakToken }).exportConfig());
  });

  function addPod(name: string, variables: readonly object[]): void {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "tailed", labels: { "core.spinkube.dev/app-name": "shop" } },
      spec: { nodeName: "absent", containers: [{ name: "shop", image: "x", env: variables }] },
    };
    server.kubectl(["apply", "-f", "-"], JSON.stringify(pod));
    const running = ["--subresource=status", "-p", '{"status":{"phase":"Running"}}'];
    server.kubectl(["patch", "pod", name, "-n", "tailed", "--type=merge", ...running]);
  }

  test("says what is missing where no pod shows requests", async () => {
    await expect(outputOf(tailCommand, ...place)).rejects.toThrow("has no pods in the namespace");
    addPod("shop-1", []);
    await expect(outputOf(tailCommand, ...place)).rejects.toThrow(
      /none of the 1 pods offers metrics: set telemetry\.metricsPort/,
    );
    await expect(outputOf(tailCommand, "shop", ...place)).rejects.toThrow('no app "shop"');
  });

  test("says which rights are missing", async () => {
    addPod("shop-2", [{ name: "OTEL_METRICS_EXPORTER", value: "prometheus" }]);
    const asNobody = [...place, "--kubeconfig", weak];
    await expect(outputOf(tailCommand, ...asNobody)).rejects.toThrow(
      /cannot list pods: .*ask for the rights/,
    );
    const inPlace = ["-n", "tailed"];
    server.kubectl(["create", "role", "see", "--verb=list", "--resource=pods", ...inPlace]);
    server.kubectl(["create", "rolebinding", "see", "--role=see", "--user=nobody", ...inPlace]);
    // The API server learns of roles after a while.
    await vi.waitFor(
      () =>
        expect(outputOf(tailCommand, ...asNobody)).rejects.toThrow(
          /cannot reach pod shop-2 of the namespace tailed: .*get and create on pods\/portforward/,
        ),
      { timeout: 30_000, interval: 300 },
    );
  });

  test("goes on trying where a pod cannot be reached, and says so, until a signal comes", async () => {
    const { io, exitCode } = run(tailCommand, ...place);
    await vi.waitFor(() => expect(io.written.stderr).toMatch(/^note: .*shop-2.*; trying again\n/), {
      timeout: 30_000,
    });
    io.send("SIGINT");
    expect(await exitCode).toBe(0);
    expect(io.written.stdout).toBe("");
  });
});

describe("a cluster that does not let us in", () => {
  test("is told by what it says", async () => {
    const config = server.kubeConfig({ token: "wrong" }).exportConfig();
    const path = `${server.kubeconfigFile}-wrong`;
    writeFileSync(path, config);
    await expect(outputOf(listCommand, "--kubeconfig", path)).rejects.toThrow(
      "log in to the cluster again",
    );
    writeFileSync(path, server.kubeConfig({ token: server.weakToken }).exportConfig());
    await expect(outputOf(listCommand, "--kubeconfig", path)).rejects.toThrow("ask for the rights");
    const elsewhere = server.kubeConfig({ url: "https://127.0.0.1:1" }).exportConfig();
    writeFileSync(path, elsewhere);
    await expect(outputOf(listCommand, "--kubeconfig", path)).rejects.toThrow(
      "the cluster does not answer",
    );
  });
});

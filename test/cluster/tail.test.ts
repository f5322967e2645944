/** `whorl tail --cluster` by real port-forwards into real pods. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { app, health } from "./manifests.ts";
import { sharedCluster } from "./shared-cluster.ts";

const cluster = sharedCluster();
const command = fileURLToPath(new URL("../../bin/whorl.js", import.meta.url));

interface Line {
  readonly pod: string;
  readonly node: string;
  readonly status: number;
  readonly path: string;
}

interface Tail extends AsyncDisposable {
  readonly lines: readonly Line[];
  /** How it ends when it is asked to. */
  ended(): Promise<number | null>;
}

function tail(...args: readonly string[]): Tail {
  const all = [command, "tail", ...args, "--output", "json"];
  const child = spawn(process.execPath, [...all, "--kubeconfig", cluster.access.kubeconfig], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: Line[] = [];
  createInterface(child.stdout).on("line", (line) => void lines.push(JSON.parse(line) as Line));
  const exit = once(child, "exit");
  const ended = async (): Promise<number | null> => {
    child.kill("SIGINT");
    await exit;
    return child.exitCode;
  };
  return { lines, ended, [Symbol.asyncDispose]: async () => void (await ended()) };
}

test("whorl tail --cluster follows all pods of an app, those that come later too", async () => {
  using place = cluster.namespace();
  place.apply(app("seen", "hello:1", `replicas: 2, telemetry: {metricsPort: 9464}, ${health}`));
  place.ready("seen");
  await using tailed = tail("seen", "--cluster", "-n", place.name, "--path", "/asked");
  const addresses = (): string[] => place.field("pods", "{.items[*].status.podIP}").split(" ");
  const names = (): string[] => place.field("pods", "{.items[*].metadata.name}").split(" ");
  const followed = (): string[] => [...new Set(tailed.lines.map(({ pod }) => pod))].toSorted();
  const askAll = async (): Promise<void> => {
    for (const address of addresses()) {
      await fetch(`http://${address}/asked`, { signal: AbortSignal.timeout(5_000) }).catch(() => 0);
    }
    await delay(100);
  };
  const before = names();
  await vi.waitFor(
    async () => {
      await askAll();
      expect(followed()).toEqual(before.toSorted());
    },
    { timeout: 40_000, interval: 200 },
  );
  for (const { status, path, node } of tailed.lines) {
    expect([status, path, node]).toEqual([200, "/asked", expect.stringMatching(/./)]);
  }
  // Whoever is in the cluster and reaches the port learns figures, and nothing of requests.
  const refused = await fetch(`http://${addresses()[0]}:9464/v1/requests`, {
    headers: { "whorl-look": "requests" },
  });
  expect(refused.status).toBe(404);
  cluster.kubectl("delete", "pod", before[0] ?? "", "-n", place.name, "--wait=true");
  place.ready("seen");
  await vi.waitFor(
    async () => {
      await askAll();
      expect(followed()).toContain(names().find((name) => !before.includes(name)));
    },
    { timeout: 40_000, interval: 200 },
  );
  expect(await tailed.ended()).toBe(0);
});

import { connect } from "node:net";
import { once } from "node:events";
import { expect, test } from "vitest";
import { KubeClient } from "./client.ts";
import { FakeApi, type FakeAnswer } from "./fake-api.ts";
import { FakeClock } from "./fake-clock.ts";
import { OperatorMetrics } from "./metrics.ts";
import { OperationsServer } from "./operations-server.ts";
import { surviveRejections } from "./run-controllers.ts";
import { TokenGuard } from "./token-guard.ts";
import { WorkQueue } from "./work-queue.ts";

const local = { host: "127.0.0.1", port: 0 };

test.each([
  { path: "/healthz", method: "GET", status: 200, text: "ok\n" },
  { path: "/healthz?verbose", method: "GET", status: 200, text: "ok\n" },
  {
    path: "/readyz",
    method: "GET",
    status: 500,
    text: "[+]caches ok\n[-]lease failed: waiting\n[-]broken failed: oh\n",
  },
  { path: "/metrics", method: "GET", status: 404, text: expect.stringContaining("/healthz") },
  { path: "/", method: "GET", status: 404, text: expect.any(String) },
  { path: "/healthz", method: "POST", status: 405, text: "only GET\n" },
  { path: "/healthz", method: "HEAD", status: 200, text: "" },
])("$method $path: $status", async ({ path, method, status, text }) => {
  await using server = await OperationsServer.start({
    ...local,
    health: { ping: () => undefined },
    ready: {
      caches: () => undefined,
      lease: () => "waiting",
      broken: () => {
        throw new Error("oh");
      },
    },
  });
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
  expect(response.status).toBe(status);
  expect(await response.text()).toEqual(text);
});

test("an address that is taken is an error with the address", async () => {
  await using server = await OperationsServer.start(local);
  const second = OperationsServer.start({ ...local, port: server.port });
  await expect(second).rejects.toMatchObject({
    code: "listen",
    message: expect.stringContaining(`127.0.0.1:${server.port}`),
  });
});

test("closing does not wait for a client that says nothing", async () => {
  const server = await OperationsServer.start(local);
  const silent = connect(server.port, "127.0.0.1");
  silent.on("error", () => undefined);
  await once(silent, "connect");
  await server[Symbol.asyncDispose]();
  silent.destroy();
  await expect(fetch(`http://127.0.0.1:${server.port}/healthz`)).rejects.toThrow("fetch failed");
});

test("metrics that cannot be read are a 500, not the end", async () => {
  const metrics = {
    contentType: "text/plain",
    metrics: async () => await Promise.reject(new Error("broken")),
  };
  await using server = await OperationsServer.start({ ...local, metrics });
  const response = await fetch(`http://127.0.0.1:${server.port}/metrics`);
  expect([response.status, await response.text()]).toEqual([500, "broken\n"]);
});

test("the names that dashboards know, for several controllers in one registry", async () => {
  const metrics = new OperatorMetrics();
  const clock = new FakeClock();
  for (const name of ["apps", "executors"]) {
    const queue = new WorkQueue({ clock, observer: metrics.queue(name) });
    metrics.watchQueue(name, queue, clock);
    metrics.reconcile(name).reconciled("success", 0.2);
    queue.add("a");
    await queue.get(new AbortController().signal);
    queue.add("b");
  }
  metrics.leader("lease").leading(true);
  metrics.rest().requested("200", "GET", "host", 0.1);
  await clock.advance(3000);
  const text = await metrics.registry.metrics();
  for (const line of [
    'workqueue_depth{name="apps",controller="apps",priority="0"} 1',
    'workqueue_adds_total{name="executors",controller="executors"} 2',
    'workqueue_unfinished_work_seconds{name="apps",controller="apps"} 3',
    'workqueue_longest_running_processor_seconds{name="executors",controller="executors"} 3',
    'controller_runtime_reconcile_total{controller="apps",result="success"} 1',
    'controller_runtime_reconcile_panics_total{controller="apps"} 0',
    'leader_election_master_status{name="lease"} 1',
    'rest_client_requests_total{code="200",method="GET",host="host"} 1',
  ]) {
    expect(text).toContain(line);
  }
  for (const name of [
    "workqueue_queue_duration_seconds_bucket",
    "workqueue_work_duration_seconds",
    "workqueue_retries_total",
    "controller_runtime_reconcile_errors_total",
    "controller_runtime_terminal_reconcile_errors_total",
    "controller_runtime_reconcile_timeouts_total",
    "controller_runtime_reconcile_time_seconds_bucket",
    "controller_runtime_max_concurrent_reconciles",
    "controller_runtime_active_workers",
    "rest_client_request_duration_seconds_bucket",
    "rest_client_request_retries_total",
    "leader_election_slowpath_total",
  ]) {
    expect(text).toContain(name);
  }
});

test.each([
  { authorization: undefined, verdict: "unauthorized", asked: 0 },
  { authorization: "Basic abc", verdict: "unauthorized", asked: 0 },
  { authorization: "Bearer ", verdict: "unauthorized", asked: 0 },
  { authorization: "Bearer unknown", verdict: "unauthorized", asked: 1 },
  { authorization: "Bearer weak", verdict: "forbidden", asked: 2 },
  { authorization: "Bearer strong", verdict: "allowed", asked: 2 },
])("guard: $authorization is $verdict", async ({ authorization, verdict, asked }) => {
  const api = new FakeApi(({ path, body = "" }): FakeAnswer => {
    const { spec } = JSON.parse(body) as { spec: { token?: string; user?: string } };
    if (path.endsWith("/tokenreviews")) {
      const authenticated = spec.token !== "unknown";
      return { status: 201, body: { status: { authenticated, user: { username: spec.token } } } };
    }
    return { status: 201, body: { status: { allowed: spec.user === "strong" } } };
  });
  const clock = new FakeClock();
  const client = new KubeClient({ transport: api, userAgent: "test", clock });
  const guard = new TokenGuard(client, { clock });
  expect(await guard.check(authorization, "/metrics")).toBe(verdict);
  expect(await guard.check(authorization, "/metrics")).toBe(verdict);
  expect(api.requests).toHaveLength(asked);
  await clock.advance(10_000);
  await guard.check(authorization, "/metrics");
  expect(api.requests).toHaveLength(2 * asked);
});

test("guard: no word from the API server is a no, and is asked again", async () => {
  const api = new FakeApi(() => {
    throw new Error("ECONNREFUSED");
  });
  const client = new KubeClient({ transport: api, userAgent: "test" });
  const guard = new TokenGuard(client);
  expect(await guard.check("Bearer strong", "/metrics")).toBe("forbidden");
  expect(await guard.check("Bearer strong", "/metrics")).toBe("forbidden");
  expect(api.requests).toHaveLength(2);
});

test("a rejection that nobody handles is told and does not end the program", async () => {
  const told: unknown[] = [];
  const listeners = new Set<(reason: unknown) => void>();
  const source = {
    on: (_: string, listener: (reason: unknown) => void) => listeners.add(listener),
    off: (_: string, listener: (reason: unknown) => void) => listeners.delete(listener),
  };
  {
    using _guarded = surviveRejections(source, (reason) => told.push(reason));
    for (const listener of listeners) listener("why");
  }
  expect(told).toEqual(["why"]);
  expect(listeners.size).toBe(0);
  await Promise.resolve();
});

/** `whorl up` as a process, seen through everything that people look with. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RequestDetail, RequestPage } from "../../runtime/telemetry/admin/console-api.ts";
import {
  startTestCollector,
  type TestCollector,
} from "../../runtime/telemetry/otlp/test-collector.ts";
import { collectorObstacle, startCollector } from "../servers/otel-collector.ts";
import { prometheusObstacle, startPrometheus } from "../servers/prometheus.ts";
import { freePort } from "../servers/server-process.ts";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";

const obstacle = collectorObstacle() ?? prometheusObstacle();
if (obstacle !== undefined) throw new Error(obstacle);

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const app = wasmApp("http-rust");
const ruleFile = fileURLToPath(
  new URL("../../deploy/monitoring/alert-rules.yaml", import.meta.url),
);
const command = fileURLToPath(new URL("../../bin/whorl.js", import.meta.url));

/** Nobody else's apps are to be seen here. */
const runtimeFolder = mkdtempSync(join(tmpdir(), "whorl-test-"));
afterAll(() => rmSync(runtimeFolder, { recursive: true }));

function up(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<WhorlProcess> {
  return WhorlProcess.up(app, args, { XDG_RUNTIME_DIR: runtimeFolder, ...environment });
}

async function whorl(...args: string[]): Promise<string> {
  // oxlint-disable-next-line node/no-process-env -- passed on as a shell would
  const env = { ...process.env, XDG_RUNTIME_DIR: runtimeFolder };
  const child = spawn(process.execPath, [command, ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
  expect(child.exitCode).toBe(0);
  return output;
}

/** Requests until disposed, so that there is something to see. */
function load(url: string): AsyncDisposable {
  const ended = new AbortController();
  const loading = (async () => {
    while (!ended.signal.aborted) {
      await (await fetch(`${url}/?load`)).text();
      await delay(2);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      ended.abort();
      await loading;
    },
  };
}

describe("with the OpenTelemetry collector", () => {
  let behind: TestCollector;
  let arrived: IncomingHttpHeaders | undefined;
  let answer: string;
  const stack = new AsyncDisposableStack();
  const exported = (signal: string): string =>
    behind.received
      .filter(({ path }) => path === `/v1/${signal}`)
      .map(({ body }) => body.toString())
      .join("\n");

  beforeAll(async () => {
    behind = stack.use(await startTestCollector());
    const collector = stack.use(await startCollector(behind.url));
    const target = createServer((request, response) => {
      arrived = request.headers;
      response.end("there");
    }).listen(0, "127.0.0.1");
    stack.defer(() => void target.close());
    await once(target, "listening");
    const { port } = target.address() as AddressInfo;
    const process = stack.use(
      await up([], {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        POD_NAME: "shop-7",
        POD_NAMESPACE: "web",
        NODE_NAME: "n1",
      }),
    );
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    const outbound = `${process.url}/fetch?url=http://127.0.0.1:${port}/v1`;
    answer = await (await fetch(outbound, { headers })).text();
    await (await fetch(`${process.url}/log`, { headers })).text();
    await (await fetch(`${process.url}/trap`)).text();
    // It sends what is left.
    await process[Symbol.asyncDispose]();
  });
  afterAll(() => stack.disposeAsync());

  test("a request is one trace, from its caller through the guest to whom that called", () => {
    expect(answer).toBe("there");
    const traces = exported("traces");
    for (const name of [
      "GET /...",
      "execute_wasm_component http",
      "spin_outbound_http.send_request",
      "whorl.queue",
      "whorl.instance.reset",
    ]) {
      expect(traces).toContain(`"name":"${name}"`);
    }
    expect(traces).toContain('"parentSpanId":"00f067aa0ba902b7"');
    expect(arrived?.["traceparent"]).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    const sent = arrived?.["traceparent"]?.toString().split("-")[2] ?? "";
    expect(traces).toContain(`"spanId":"${sent}"`);
    expect(traces).toMatch(/"error\.type","value":\{"stringValue":"trap"\}/);
  });

  test("everything says in which pod it was", () => {
    for (const signal of ["traces", "metrics", "logs"]) {
      expect(exported(signal)).toContain('"k8s.pod.name","value":{"stringValue":"shop-7"}');
      expect(exported(signal)).toContain('"k8s.namespace.name","value":{"stringValue":"web"}');
      expect(exported(signal)).toContain('"k8s.node.name","value":{"stringValue":"n1"}');
    }
  });

  test("what the guest prints belongs to the trace of its request", () => {
    expect(exported("logs")).toMatch(
      new RegExp(`"stringValue":"a line for stdout"[^\\n]*"traceId":"${traceId}"`),
    );
  });

  test("requests and failures are counted, with Spin's names and Whorl's", () => {
    expect(exported("metrics")).toContain('"name":"spin.request_count"');
    expect(exported("metrics")).toContain('"name":"whorl.request.errors"');
  });
});

describe("with a collector that", () => {
  test.each<[string, (() => Promise<TestCollector>) | undefined]>([
    ["is absent", undefined],
    ["never answers", () => startTestCollector(() => undefined)],
    ["refuses", () => startTestCollector((response) => void response.writeHead(400).end())],
  ])("%s nothing changes for the guest, and the process ends in time", async (_, start) => {
    await using collector = await start?.();
    const metricsPort = await freePort();
    const url = collector?.url ?? `http://127.0.0.1:${await freePort()}`;
    const process = await up(["--quiet", "--metrics-listen", `127.0.0.1:${metricsPort}`], {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_BSP_MAX_QUEUE_SIZE: "10",
    });
    for (let at = 0; at < 50; at++) {
      const response = await fetch(process.url);
      expect(response.status).toBe(200);
      await response.text();
    }
    const metrics = async (): Promise<string> =>
      await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    await expect
      .poll(metrics, { timeout: 60_000 })
      .toMatch(/whorl_telemetry_dropped_total\{signal="spans",reason="[a-z_]+"\} [1-9]/);
    process.signal("SIGTERM");
    expect(await process.ended()).toBe(0);
  });
});

test("Prometheus sees requests, memory, instances and processor time of a real app", async () => {
  const port = await freePort();
  await using process = await up(["--metrics-listen", `127.0.0.1:${port}`]);
  await using _load = load(process.url);
  await using prometheus = await startPrometheus([`127.0.0.1:${port}`], ruleFile);
  for (const expression of [
    'sum(rate(whorl_requests_total{app="http-rust",status="200"}[5s])) > 0',
    'whorl_guest_memory_bytes{component="http"} > 65535',
    "whorl_guest_memory_limit_bytes > 0",
    'whorl_instances{state="idle"} > 0',
    "rate(whorl_guest_cpu_seconds_total[5s]) > 0",
    "histogram_quantile(0.99, sum by (le) (rate(whorl_request_duration_seconds_bucket[5s]))) > 0",
  ]) {
    const url = `${prometheus.url}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const found = async (): Promise<number> => {
      const { data } = (await (await fetch(url)).json()) as { data: { result: unknown[] } };
      return data.result.length;
    };
    await expect.poll(found, { timeout: 60_000, interval: 200 }).toBeGreaterThan(0);
  }
  const looks = ["--count", "1", "--interval", "1", "--output", "json"];
  const top = await whorl("top", "--metrics", `127.0.0.1:${port}`, ...looks);
  const [row] = (JSON.parse(top) as { rows: { app: string; requestsPerSecond: number }[] }).rows;
  expect(row?.app).toBe("http-rust");
  expect(row?.requestsPerSecond).toBeGreaterThan(0);
});

test("whorl top and whorl tail show an app under load", async () => {
  await using process = await up(["--quiet"]);
  await using _load = load(process.url);
  const [tail, top] = await Promise.all([
    whorl("tail", "--count", "20", "--status", "2xx"),
    whorl("top", "http-rust", "--count", "2", "--interval", "1", "--output", "json"),
  ]);
  const lines = tail.trimEnd().split("\n");
  expect(lines).toHaveLength(20);
  for (const line of lines) {
    expect(line).toMatch(
      /^[\d:.]{12} {2}200 {2,}[\d.]+[mu]?s {2}GET \/\?load {2}http {2}(warm|cold)/,
    );
  }
  expect(tail).toContain("  warm");
  const looks = top
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { rows: object[] });
  expect(looks).toHaveLength(2);
  expect(looks[1]?.rows[0]).toMatchObject({
    app: "http-rust",
    component: "http",
    p50Ms: expect.any(Number) as number,
    memoryBytes: expect.any(Number) as number,
  });
});

test("whorl top is a table in a terminal, until somebody presses q", async () => {
  await using process = await up(["--quiet"]);
  await using _load = load(process.url);
  const { execPath, env } = globalThis.process;
  // A terminal of which nobody tells the size has none.
  const line = `stty rows 24 cols 120; exec '${execPath}' '${command}' top`;
  const child = spawn("script", ["-qec", line, "/dev/null"], {
    env: { ...env, XDG_RUNTIME_DIR: runtimeFolder, TERM: "xterm" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (shown += text));
  try {
    await expect.poll(() => shown, { timeout: 60_000 }).toMatch(/http-rust[^\n]* [1-9]/);
  } finally {
    child.stdin.write("q");
    await once(child, "exit");
  }
  expect(child.exitCode).toBe(0);
});

test("the console tells why a request failed, and what the guest wrote before", async () => {
  await using process = await up(["--quiet", "--console"]);
  const announced = await process.output("stdout", /^Console: \S+$/m);
  const [, url = "", token = ""] = /(http:\S+)\/#token=(\S+)/.exec(announced) ?? [];
  const headers = { authorization: `Bearer ${token}` };
  const injection = "/trap?%3Cscript%3E%1b[2J";
  await (await fetch(`${process.url}${injection}`)).text();
  const read = async <T>(path: string): Promise<T> =>
    (await (await fetch(`${url}/api/${path}`, { headers })).json()) as T;
  const failed = async (): Promise<RequestPage> => read("requests?errors=true");
  // It is noted when it has ended, which is a little after its answer.
  await expect.poll(async () => (await failed()).requests.length, { timeout: 60_000 }).toBe(1);
  const { requests } = await failed();
  const { failure, lines, spans } = await read<RequestDetail>(`requests/${requests[0]?.id}`);
  expect(failure).toMatchObject({ code: "trap", remedy: expect.stringContaining("panic") });
  expect(lines.some(({ text: line }) => line.includes("asked to trap"))).toBe(true);
  expect(spans.map(({ kind }) => kind)).toContain("guest");
  expect(requests[0]?.path).toBe(injection);
});

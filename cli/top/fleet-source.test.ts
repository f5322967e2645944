import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createCaptureIo, type CaptureIo } from "../capture-io.ts";
import { runProgram } from "../program.ts";

const folder = mkdtempSync(join(tmpdir(), "whorl-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Answering extends AsyncDisposable {
  readonly url: string;
}

async function serve(answer: RequestListener): Promise<Answering> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Grows by ten with each look. */
function metrics(app: string): RequestListener {
  let requests = 0;
  return (_request, response) => {
    requests += 10;
    response.setHeader("content-type", "text/plain; version=0.0.4; charset=utf-8");
    response.end(`whorl_requests_total{app="${app}",component="c",status="200"} ${requests}\n`);
  };
}

async function top(...args: string[]): Promise<CaptureIo & { readonly exitCode: number }> {
  const io = createCaptureIo();
  const exitCode = await runProgram(
    ["top", ...args, "--count", "1", "--interval", "0.1", "--output", "json"],
    {
      io,
      version: "1.2.3",
      environment: { KUBECONFIG: join(folder, "config") },
      directory: folder,
      prompt: undefined,
      startApp: () => Promise.reject(new Error("nothing is started")),
    },
  );
  return Object.assign(io, { exitCode });
}

function rows({ written }: CaptureIo): { app: string; requestsPerSecond: number }[] {
  return (JSON.parse(written.stdout) as { rows: { app: string; requestsPerSecond: number }[] })
    .rows;
}

describe("whorl top --metrics", () => {
  test("shows who offers metrics there; who does not answer is left out", async () => {
    await using one = await serve(metrics("shop"));
    await using two = await serve(metrics("shop"));
    await using broken = await serve((_request, response) => void response.writeHead(500).end());
    const args = [one.url, two.url, broken.url].flatMap((url) => ["--metrics", url]);
    const all = await top(...args);
    expect(rows(all)).toMatchObject([{ app: "shop", requests: 40 }]);
    expect(rows(all)[0]?.requestsPerSecond).toBeGreaterThan(0);
    const names = rows(await top(...args, "--by", "pod")).map(({ app }) => `http://${app}`);
    expect(names.toSorted()).toEqual([one.url, two.url].toSorted());
  });

  test.each<[string, RequestListener, string]>([
    ["an error", (_, response) => void response.writeHead(404).end(), "it answers 404"],
    ["a page", (_, response) => void response.end("<html>"), "no metrics of Prometheus"],
    ["nothing", (_, response) => void response.destroy(), "fetch failed"],
  ])("%s is told", async (_, answer, message) => {
    await using server = await serve(answer);
    const { exitCode, written } = await top("--metrics", server.url);
    expect(exitCode).toBe(1);
    expect(written.stdout).toContain(message);
  });

  test.each([
    [["--metrics", "ftp://x"], "is no address of metrics"],
    [["--metrics", "127.0.0.1:1", "--cluster"], "choose one"],
  ])("%j is refused", async (args, message) => {
    const { exitCode, written } = await top(...args);
    expect(exitCode).toBe(2);
    expect(written.stdout).toContain(message);
  });
});

describe("whorl top --cluster", () => {
  const pod = (name: string, env: object[]): object => ({
    metadata: { name },
    spec: { containers: [{ name: "sidecar" }, { name: "app", env }] },
  });
  const offering = [
    { name: "OTEL_METRICS_EXPORTER", value: "prometheus" },
    { name: "OTEL_EXPORTER_PROMETHEUS_PORT", value: "9000" },
  ];

  async function cluster(pods: readonly object[], asked: string[]): Promise<Answering> {
    const answerMetrics = metrics("cart");
    const server = await serve((request, response) => {
      const url = new URL(request.url ?? "", "http://api");
      asked.push(
        `${decodeURIComponent(url.pathname)} ${url.searchParams.get("labelSelector") ?? ""}`.trim(),
      );
      if (url.pathname.endsWith("/metrics")) return answerMetrics(request, response);
      response.setHeader("content-type", "application/json");
      const isList = url.pathname.endsWith("/pods");
      const app = { apiVersion: "core.spinkube.dev/v1alpha1", kind: "SpinApp", metadata: {} };
      const resources = [{ name: "spinapps", kind: "SpinApp", namespaced: true, verbs: ["get"] }];
      const answer = isList
        ? { apiVersion: "v1", kind: "PodList", metadata: {}, items: pods }
        : url.pathname.endsWith("v1alpha1")
          ? { kind: "APIResourceList", apiVersion: "v1", groupVersion: app.apiVersion, resources }
          : app;
      response.end(JSON.stringify(answer));
      return undefined;
    });
    const config = {
      ...{ apiVersion: "v1", kind: "Config", "current-context": "x" },
      clusters: [{ name: "x", cluster: { server: server.url, "insecure-skip-tls-verify": true } }],
      contexts: [{ name: "x", context: { cluster: "x", user: "x", namespace: "shop" } }],
      users: [{ name: "x", user: {} }],
    };
    writeFileSync(join(folder, "config"), JSON.stringify(config));
    return server;
  }

  test("reads the pods that offer metrics, through the API server", async () => {
    const asked: string[] = [];
    const pods = [pod("cart-1", offering), pod("cart-2", offering), pod("quiet", [])];
    await using _server = await cluster(pods, asked);
    const shown = await top("--cluster", "--by", "pod");
    expect(rows(shown).map(({ app }) => app)).toEqual(["cart-1", "cart-2"]);
    expect(asked.slice(0, 3)).toEqual([
      "/api/v1/namespaces/shop/pods core.spinkube.dev/app-name",
      "/api/v1/namespaces/shop/pods/cart-1:9000/proxy/metrics",
      "/api/v1/namespaces/shop/pods/cart-2:9000/proxy/metrics",
    ]);
  });

  test("one app", async () => {
    const asked: string[] = [];
    await using _server = await cluster([pod("cart-1", offering)], asked);
    expect(rows(await top("--cluster", "cart"))).toMatchObject([{ app: "cart", requests: 20 }]);
    expect(asked.join("\n")).toContain(
      "/api/v1/namespaces/shop/pods core.spinkube.dev/app-name=cart",
    );
  });

  test("pods without metrics are told, and what to do", async () => {
    await using _server = await cluster([pod("quiet", [])], []);
    const { exitCode, written } = await top("--cluster");
    expect(exitCode).toBe(2);
    expect(written.stdout).toContain("OTEL_METRICS_EXPORTER=prometheus");
  });
});

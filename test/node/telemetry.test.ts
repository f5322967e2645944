/** What apps in pods tell of themselves: to a collector, and to Prometheus. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestCollector } from "../../runtime/telemetry/otlp/test-collector.ts";
import { fetchText, logLines, patience, TestNode } from "./test-node.ts";

const http = { name: "http", image: "localhost/http:1" };
const metricsPort = 9464;
let node: TestNode;

beforeAll(async () => {
  node = await TestNode.start("2.4");
});

afterAll(() => node[Symbol.asyncDispose]());

test("a pod's traces, lines and metrics say whose they are", async () => {
  const pod = await node.containerd.runPod({ namespace: "shop" });
  // The node as the pod sees it.
  const gateway = pod.ip.replace(/\d+$/, "1");
  await using collector = await startTestCollector((response) => void response.end(), {
    host: gateway,
  });
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_METRICS_EXPORTER: "prometheus",
    WHORL_LOG_FORMAT: "json",
  };
  const containerId = await node.containerd.startContainer(pod, { ...http, environment });
  expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");
  await fetchText(`http://${pod.ip}/log`);
  await expect.poll(() => logLines(pod, "http", "stdout"), patience).toHaveLength(2);
  const lines = logLines(pod, "http", "stdout").map(
    (line) => JSON.parse(line) as { line: string; trace_id: string },
  );
  const ofGuest = { line: "a line for stdout", component: "http", stream: "stdout" };
  expect(lines[0]).toMatchObject(ofGuest);
  const metrics = await fetchText(`http://${pod.ip}:${metricsPort}/metrics`);
  expect(metrics).toMatch(/^whorl_requests_total\{app="[^"]+",.*status="200"\} 2$/m);
  await node.cri.call("StopContainer", { containerId, timeout: 10 });
  const traces = collector.received.filter(({ path }) => path === "/v1/traces");
  const text = traces.map(({ body }) => body.toString()).join("\n");
  expect(text).toContain('"k8s.namespace.name","value":{"stringValue":"shop"}');
  expect(text).toContain('"k8s.container.name","value":{"stringValue":"http"}');
  expect(text).toContain('"name":"GET /..."');
  expect(text).toContain(`"traceId":"${lines[0]?.trace_id}"`);
  await node.containerd.removePod(pod);
});

test("a collector that is not there is no matter for the app", async () => {
  const pod = await node.containerd.runPod();
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };
  await node.containerd.startContainer(pod, { ...http, environment });
  expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");
  await node.containerd.removePod(pod);
});

/** Traefik as a real controller of Gateway API, and the sample of deploy/samples behind it. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { fitsShare } from "../../../deploy/conformance/traffic-share.ts";
import { type ServedGatewayApi, serveGatewayApi } from "../serve-gateway-api.ts";
import { sharedCluster } from "../shared-cluster.ts";

const cluster = sharedCluster();
const place = cluster.namespace();
const sample = new URL("../../../deploy/samples/gateway-route.yaml", import.meta.url);
const patience = { timeout: 60_000, interval: 200 } as const;
const gateway =
  "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: public}, spec: {gatewayClassName: traefik, listeners: [{name: http, port: 80, protocol: HTTP}]}}";
let served: ServedGatewayApi;

beforeAll(async () => {
  served = await serveGatewayApi(cluster);
});

afterAll(async () => {
  using _place = place;
  await using _served = served;
});

/** Body of `GET /` of the route's host, which fetch would not ask for. */
async function ask(headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const asked = request({
    host: served.address,
    port: 80,
    headers: { ...headers, host: "web.example" },
  });
  asked.end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const body = await text(response);
  if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${body}`);
  return body;
}

/** How many of so many requests the app answers; the others come from the container. */
async function answeredByApp(
  requests: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  let count = 0;
  for (let sent = 0; sent < requests; sent++) {
    const body = await ask(headers);
    if (body.includes("Hello")) count++;
    else expect(body).toBe("a server\n");
  }
  return count;
}

/** @proves Gateway API | an app is a backend as any other: shares by weight, beside containers; routes by header */
test("an app and a container share the requests of a route", { timeout: 180_000 }, async () => {
  place.apply(gateway);
  place.apply(readFileSync(sample, "utf8"));
  place.ready("web-wasm");
  place.ready("deployment/web", "Available");
  place.ready("gateway/public", "Programmed");
  await vi.waitFor(async () => {
    const conditions = place.field("httproute/web", "{.status.parents[0].conditions[*].status}");
    expect(conditions, served.output).toBe("True True");
    await ask();
    await ask({ "x-web": "wasm" });
  }, patience);

  const requests = 200;
  const hits = await answeredByApp(requests);
  expect(fitsShare(hits, requests, 0.1), `${hits} of ${requests}`).toBe(true);
  expect(await answeredByApp(20, { "x-web": "wasm" })).toBe(20);
  console.log(`gateway: ${hits} of ${requests} requests by weight (1 of 10), 20 of 20 by header`);

  // The app takes over: nothing is lost on the way.
  const weights = [0, 1].map((weight, index) => {
    const path = `/spec/rules/1/backendRefs/${index}/weight`;
    return { op: "replace", path, value: weight };
  });
  place.kubectl("patch", "httproute/web", "--type=json", "-p", JSON.stringify(weights));
  await vi.waitFor(async () => expect(await answeredByApp(20)).toBe(20), patience);
});

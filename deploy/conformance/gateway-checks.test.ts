import { expect, test } from "vitest";
import type { Outcome } from "./check.ts";
import { gatewayChecks } from "./gateway-checks.ts";
import { GatewayCluster } from "./gateway-cluster.ts";
import type { GatewayClusterOptions } from "./gateway-cluster.ts";

async function tried(options: GatewayClusterOptions): Promise<Outcome> {
  await using cluster = await GatewayCluster.start(options);
  const check = gatewayChecks.find(({ name }) => name.startsWith("weighted split"));
  if (check === undefined) throw new Error("there is no such check");
  return await check.run(cluster.trial);
}

test("a gateway that does as its HTTPRoute says passes", async () => {
  expect(await tried({})).toEqual({
    status: "passed",
    evidence: [
      "Of 200 requests 160 went to web-1 and 40 to web-2 (weights 4 and 1); " +
        "of 20 with the header 20 went to web-2.",
    ],
  });
});

test.each<[string, GatewayClusterOptions["route"]]>([
  ["halves", (_route, headers, count) => (headers["x-app"] ?? `web-${(count % 2) + 1}`) as string],
  ["knows one app only", () => "web-1"],
  ["ignores headers", (_route, _headers, count) => (count % 5 === 0 ? "web-2" : "web-1")],
])("a gateway that %s fails", async (_what, route) => {
  const outcome = await tried(route === undefined ? {} : { route });
  expect(outcome.status).toBe("failed");
});

test.each([
  ["no API", /serves no HTTPRoute/],
  ["no controller", /No GatewayClass is accepted/],
] as const)("with %s it is not applicable, and says what to install", async (has, evidence) => {
  expect(await tried({ has })).toEqual({
    status: "not applicable",
    evidence: [expect.stringMatching(evidence)],
    remedy: expect.stringContaining("Envoy Gateway") as string,
  });
});

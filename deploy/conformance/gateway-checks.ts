import { isIPv6 } from "node:net";
import { askAs } from "./ask-as.ts";
import type { Check, Outcome } from "./check.ts";
import { failed, notApplicable, passed } from "./check.ts";
import { conditionOf, isTrue, listAt, nameOf, textAt } from "./read-json.ts";
import { fitsShare } from "./traffic-share.ts";
import type { Trial } from "./trial.ts";

const item = "networking/ai_inference";
const gatewayApi = "gateway.networking.k8s.io/v1";
const host = "conformance.example";
/** Of five requests. */
const weights = [4, 1] as const;
const share = weights[1] / (weights[0] + weights[1]);
const requests = 200;

/** Apps behind a Gateway, where a controller for it is there. */
export const gatewayChecks: readonly Check[] = [
  {
    ...{ name: "protocol of the Service", item, run: protocolNamed },
    claim: "The Service of an app says which protocol it speaks, as gateways ask.",
  },
  {
    ...{ name: "weighted split and routing by a header", item, run: trafficSplit },
    claim: "An HTTPRoute shares requests between two apps by weight, and by a header.",
  },
];

async function protocolNamed(trial: Trial): Promise<Outcome> {
  const name = nameOf(await trial.subject());
  const service = await trial.cluster.get(trial.core("services", name));
  const protocol = textAt(service, "spec", "ports", 0, "appProtocol");
  if (protocol === "http") return passed(`The port of the Service ${name} has appProtocol http.`);
  return failed(`appProtocol is "${protocol}".`, "Install Whorl's operator and CRDs.");
}

async function trafficSplit(trial: Trial): Promise<Outcome> {
  const { cluster } = trial;
  const remedy =
    "Install a controller for Gateway API (Envoy Gateway, Cilium, Istio, NGINX Gateway Fabric ...).";
  if ((await cluster.resources(gatewayApi))?.includes("httproutes") !== true) {
    return notApplicable(`The cluster serves no HTTPRoute of ${gatewayApi}.`, remedy);
  }
  const classes = await cluster.list(`/apis/${gatewayApi}/gatewayclasses`);
  const accepted = classes.find((each) => isTrue(conditionOf(each, "Accepted")));
  if (accepted === undefined) {
    return notApplicable("No GatewayClass is accepted by a controller.", remedy);
  }
  await Promise.all([trial.app("web-1"), trial.app("web-2")]);
  const address = await routed(trial, nameOf(accepted));
  return await measured(trial, address);
}

/** Makes Gateway and HTTPRoute; where they answer. */
async function routed(trial: Trial, gatewayClassName: string): Promise<string> {
  const { cluster } = trial;
  const common = { apiVersion: gatewayApi, metadata: { name: "public" } };
  const listener = { name: "http", port: 80, protocol: "HTTP" };
  await cluster.create(trial.group(gatewayApi, "gateways"), {
    ...{ ...common, kind: "Gateway", spec: { gatewayClassName, listeners: [listener] } },
  });
  const [first, second] = ["web-1", "web-2"].map((name) => ({ name, port: 80 }));
  const header = { name: "x-app", value: "web-2" };
  await cluster.create(trial.group(gatewayApi, "httproutes"), {
    ...{ ...common, kind: "HTTPRoute" },
    spec: {
      parentRefs: [{ name: "public" }],
      hostnames: [host],
      rules: [
        { matches: [{ headers: [header] }], backendRefs: [second] },
        {
          backendRefs: [
            { ...first, weight: weights[0] },
            { ...second, weight: weights[1] },
          ],
        },
      ],
    },
  });
  await trial.until(
    () => "the HTTPRoute to be accepted, with its references resolved",
    async () => {
      const route = await cluster.get(trial.group(gatewayApi, "httproutes", "public"));
      const [parent] = listAt(route, "status", "parents");
      const holds = (type: string): boolean => isTrue(conditionOf(parent, type, "conditions"));
      return (holds("Accepted") && holds("ResolvedRefs")) || undefined;
    },
  );
  const found = await trial.until(
    () => "the Gateway to have an address",
    async () => {
      const gateway = await cluster.get(trial.group(gatewayApi, "gateways", "public"));
      return textAt(gateway, "status", "addresses", 0, "value") || undefined;
    },
  );
  return trial.options.gatewayAddress ?? (isIPv6(found) ? `[${found}]` : found);
}

async function measured(trial: Trial, address: string): Promise<Outcome> {
  const ask = async (headers: Readonly<Record<string, string>> = {}): Promise<boolean> => {
    const status = await askAs(host, address, headers);
    return status >= 200 && status < 300;
  };
  try {
    await trial.until(
      () => `an answer of the Gateway at ${address}`,
      async () => (await ask().catch(() => false)) || undefined,
    );
  } catch (error) {
    const why = `Gateway and HTTPRoute are accepted, but from here: ${String(error)}.`;
    return failed(why, "Name an address that is reached from here: --gateway-address HOST:PORT.");
  }
  const count = (): Promise<number[]> =>
    Promise.all(["web-1", "web-2"].map((app) => trial.requests(app)));
  const before = await count();
  for (let sent = 0; sent < requests; sent++) await ask();
  const between = await count();
  for (let sent = 0; sent < requests / 10; sent++) await ask({ "x-app": "web-2" });
  const after = await count();
  const grown = (from: readonly number[], to: readonly number[], app: number): number =>
    (to[app] ?? 0) - (from[app] ?? 0);
  const [first, second] = [grown(before, between, 0), grown(before, between, 1)];
  const byHeader = grown(between, after, 1);
  const text =
    `Of ${requests} requests ${first} went to web-1 and ${second} to web-2 (weights ` +
    `${weights.join(" and ")}); of ${requests / 10} with the header ${byHeader} went to web-2.`;
  const isRight = fitsShare(second, first + second, share) && byHeader === requests / 10;
  return isRight ? passed(text) : failed(text, "Look at the gateway's controller.");
}

import { gatewayApiCrds } from "../servers/gateway-api.ts";
import { Traefik, traefikController } from "../servers/traefik.ts";
import type { ClusterClient } from "./cluster-client.ts";

const gatewayClass = `{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: traefik}, spec: {controllerName: ${traefikController}}}`;

export interface ServedGatewayApi extends AsyncDisposable {
  /** Where Gateways listen, on port 80. */
  readonly address: string;
  /** The last of what the controller printed. */
  readonly output: string;
}

/** Gateway API with Traefik behind it: its definitions, and the GatewayClass `traefik`, accepted. */
export async function serveGatewayApi(cluster: ClusterClient): Promise<ServedGatewayApi> {
  const { kubeconfig, network } = cluster.access;
  const address = network.gateway;
  cluster.applyThere(gatewayApiCrds().join("\n---\n"));
  const crds = ["gatewayclasses", "gateways", "httproutes"].map(
    (kind) => `${kind}.gateway.networking.k8s.io`,
  );
  await cluster.established(...crds);
  cluster.apply(gatewayClass);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => {
    cluster.kubectl("delete", "gatewayclass", "traefik");
  });
  const traefik = stack.use(await Traefik.start({ kubeconfig, address }));
  cluster.kubectl("wait", "--for=condition=Accepted", "gatewayclass/traefik", "--timeout=60s");
  const kept = stack.move();
  return {
    address,
    get output() {
      return traefik.output;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

import { networkPolicy } from "../../app/network-policy.ts";
import type { OutboundNetwork } from "../../spin/network/outbound-network.ts";
import { Permits } from "../../spin/network/permits.ts";
import type { StartOptions } from "../running-app.ts";
import { OutboundHttp } from "./outbound-http.ts";

/** How an app's guests and services reach the world outside; the same for all of its versions. */
export interface Outside {
  readonly network: OutboundNetwork;
  /** Owns connections: dispose of it when the app ends. */
  readonly http: OutboundHttp;
  /** Of the connections that guests make themselves (wasi:sockets), where they are bounded. */
  readonly sockets: Permits | undefined;
}

/** Rejects with WhorlError `file` for a certificate of the runtime config that cannot be read. */
export async function openOutside({
  runtimeConfig,
  network,
}: Pick<StartOptions, "runtimeConfig" | "network">): Promise<Outside> {
  const { outboundNetworking, outboundHttp, clientTls } = runtimeConfig;
  const { totalConnectionsMax, socketConnectionsMax } = outboundNetworking;
  const connections =
    totalConnectionsMax === undefined ? undefined : new Permits(totalConnectionsMax);
  const policy = { isAddressAllowed: networkPolicy(outboundNetworking), network };
  return {
    network: { ...policy, connections },
    http: await OutboundHttp.open({ outboundHttp, clientTls, policy, connections }),
    sockets:
      (socketConnectionsMax ?? totalConnectionsMax) === undefined
        ? undefined
        : new Permits(socketConnectionsMax, connections),
  };
}

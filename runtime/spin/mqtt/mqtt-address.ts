import { parseOutboundUrl } from "../network/outbound-url.ts";

export interface MqttAddress {
  readonly scheme: string;
  readonly host: string;
  /** Undefined for 1883, or 8883 with TLS. */
  readonly port: number | undefined;
  readonly clientId: string;
  readonly isSecure: boolean;
}

const schemes: Readonly<Record<string, boolean>> = {
  mqtt: false,
  tcp: false,
  mqtts: true,
  ssl: true,
};

/** Parameters that Spin's client knows and that make no difference here. */
const ignored = new Set([
  ...["keep_alive_secs", "clean_session", "max_incoming_packet_size_bytes", "inflight_num"],
  ...["max_outgoing_packet_size_bytes", "request_channel_capacity_num", "max_request_batch_num"],
  ...["pending_throttle_usecs", "conn_timeout_secs"],
]);

/**
 * Reads `mqtt[s]://host[:port]?client_id=...`. Undefined for anything else: without a client id as
 * well, and with parameters that Spin refuses.
 */
export function parseMqttAddress(address: string): MqttAddress | undefined {
  const target = parseOutboundUrl(address, "mqtt");
  if (target === undefined || !URL.canParse(address)) return undefined;
  const { searchParams, hostname } = new URL(address);
  const isSecure = schemes[target.scheme];
  const clientId = searchParams.get("client_id");
  if (isSecure === undefined || hostname === "" || clientId === null) return undefined;
  for (const key of searchParams.keys()) {
    if (key !== "client_id" && !ignored.has(key)) return undefined;
  }
  return { ...target, clientId, isSecure };
}

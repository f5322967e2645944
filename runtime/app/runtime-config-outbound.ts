import { isIP, isIPv4 } from "node:net";
import type {
  ClientTlsConfig,
  LlmComputeConfig,
  OutboundConnectionsConfig,
  OutboundHttpConfig,
  OutboundMqttConfig,
  OutboundNetworkingConfig,
} from "./runtime-config.ts";
import { absolutePath, isUrl } from "./runtime-config-stores.ts";
import type { ConfigTable } from "./runtime-config-table.ts";

/** Reads `[llm_compute]`. */
export function readLlmCompute(root: ConfigTable): LlmComputeConfig | undefined {
  const table = root.table("llm_compute");
  if (table === undefined) return undefined;
  const type = table.choice("type", ["spin", "remote_http"] as const);
  if (type !== "remote_http") {
    if (type === undefined) for (const [key] of table.entries()) table.has(key);
    table.finish();
    return type && { type };
  }
  const url = table.text("url");
  const authToken = table.text("auth_token");
  const apiType = table.choice("api_type", ["default", "open_ai"] as const, "default");
  table.finish();
  if (url === undefined || authToken === undefined || apiType === undefined) return undefined;
  return isUrl(table, url, ["http:", "https:"]) ? { type, url, authToken, apiType } : undefined;
}

/** Reads `[outbound_redis]`, `[outbound_pg]` or `[outbound_mysql]`. */
export function readOutboundConnections(root: ConfigTable, key: string): OutboundConnectionsConfig {
  const table = root.table(key);
  const connectionsMax = table?.count("max_connections");
  table?.finish();
  return { connectionsMax };
}

/** Reads `[outbound_mqtt]`. */
export function readOutboundMqtt(root: ConfigTable): OutboundMqttConfig {
  const table = root.table("outbound_mqtt");
  const connectionsMax = table?.count("max_connections");
  const payloadBytesMax = table?.count("max_payload_size_bytes");
  table?.finish();
  return { connectionsMax, payloadBytesMax };
}

/** Reads `[outbound_http]`. Connections are pooled unless the table is there and does not ask. */
export function readOutboundHttp(root: ConfigTable): OutboundHttpConfig {
  const table = root.table("outbound_http");
  if (table === undefined) return { isPooling: true, connectionsMax: undefined };
  const isPooling = table.flag("connection_pooling") ?? false;
  const connectionsMax = table.count("max_connections");
  const requestsMax = table.count("max_concurrent_requests");
  if (table.has("max_connections") && table.has("max_concurrent_requests")) {
    table.fail(
      "max_concurrent_requests is the old name of max_connections; keep only max_connections",
      "max_concurrent_requests",
    );
  }
  table.finish();
  return { isPooling, connectionsMax: connectionsMax ?? requestsMax };
}

/** Reads `[outbound_networking]`. */
export function readOutboundNetworking(root: ConfigTable): OutboundNetworkingConfig {
  const table = root.table("outbound_networking");
  const blocked = table?.texts("block_networks") ?? [];
  for (const network of blocked) {
    if (network === "private" || isNetwork(network)) continue;
    table?.fail(
      `"${network}" in block_networks is no network; write one as "10.0.0.0/8", or "private"`,
      "block_networks",
    );
  }
  const config = {
    blockedNetworks: blocked.filter((network) => network !== "private"),
    blocksPrivateNetworks: blocked.includes("private"),
    socketConnectionsMax: table?.count("max_socket_connections"),
    totalConnectionsMax: table?.count("max_total_connections"),
  };
  table?.finish();
  return config;
}

/** An address is a network of one. */
function isNetwork(text: string): boolean {
  const [, address = text, length] = /^(.*?)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  if (isIP(address) === 0) return false;
  return length === undefined || Number(length) <= (isIPv4(address) ? 32 : 128);
}

/** Reads `[[client_tls]]`; paths start from the directory of the runtime config. */
export function readClientTls(root: ConfigTable, directory: string): readonly ClientTlsConfig[] {
  return root.tables("client_tls").map((table) => {
    const config = {
      componentIds: filled(table, "component_ids"),
      hosts: filled(table, "hosts"),
      ...readRoots(table, directory),
      clientCertificate: readClientCertificate(table, directory),
    };
    for (const host of config.hosts) checkHost(table, host);
    table.finish();
    return config;
  });
}

function filled(table: ConfigTable, key: string): readonly string[] {
  const isThere = table.has(key);
  const texts = table.texts(key) ?? [];
  if (!isThere) table.fail(`missing key "${key}" in ${table.name}`);
  else if (texts.length === 0) table.fail(`'${key}' list may not be empty`, key);
  return texts;
}

function checkHost(table: ConfigTable, host: string): void {
  const name = host.startsWith("*.") ? host.slice(2) : host;
  const isHost = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(name) || isIP(name) !== 0;
  if (isHost) return;
  table.fail(`"${host}" in hosts is neither a host name nor "*." and a name`, "hosts");
}

/** Own roots replace those of the system unless both are asked for. */
function readRoots(
  table: ConfigTable,
  directory: string,
): Pick<ClientTlsConfig, "usesPlatformRoots" | "usesWebpkiRoots" | "rootsFile"> {
  const platform = table.flag("ca_use_platform_roots");
  const webpki = table.flag("ca_use_webpki_roots");
  const file = table.optionalText("ca_roots_file");
  return {
    usesPlatformRoots: platform ?? (webpki === undefined && file === undefined),
    usesWebpkiRoots: webpki ?? false,
    rootsFile: file && absolutePath(file, directory),
  };
}

function readClientCertificate(
  table: ConfigTable,
  directory: string,
): ClientTlsConfig["clientCertificate"] {
  const cert = table.optionalText("client_cert_file");
  const key = table.optionalText("client_private_key_file");
  if (cert !== undefined && key !== undefined) {
    return { certFile: absolutePath(cert, directory), keyFile: absolutePath(key, directory) };
  }
  if (cert !== undefined) {
    table.fail("client_cert_file specified without client_private_key_file", "client_cert_file");
  } else if (key !== undefined) {
    table.fail(
      "client_private_key_file specified without client_cert_file",
      "client_private_key_file",
    );
  }
  return undefined;
}

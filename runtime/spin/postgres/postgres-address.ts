/** One server of an address. */
export interface PostgresHost {
  /** Name or address, checked against certificates too. */
  readonly host: string;
  /** Undefined for 5432. */
  readonly port: number | undefined;
}

export interface PostgresAddress {
  readonly hosts: readonly PostgresHost[];
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
  readonly options: string | undefined;
  readonly applicationName: string | undefined;
  readonly sslMode: "disable" | "prefer" | "require";
  readonly sslNegotiation: "postgres" | "direct";
  readonly channelBinding: "disable" | "prefer" | "require";
  readonly targetSession: "any" | "read-write" | "read-only";
  readonly isShuffled: boolean;
  /** Seconds; undefined for the host's own bound. */
  readonly connectTimeoutSeconds: number | undefined;
}

/** Values that a parameter may have; the first counts where it is absent. */
const choices = {
  sslmode: ["prefer", "disable", "require"],
  sslnegotiation: ["postgres", "direct"],
  channel_binding: ["prefer", "disable", "require"],
  target_session_attrs: ["any", "read-write", "read-only"],
  load_balance_hosts: ["disable", "random"],
} as const;

const texts = new Set([
  ...["user", "password", "dbname", "options", "application_name", "host", "hostaddr", "port"],
  ...["connect_timeout", "tcp_user_timeout", "keepalives", "keepalives_idle"],
  ...["keepalives_interval", "keepalives_retries"],
]);

/**
 * Reads a connection string of libpq, either form: `postgres[ql]://user:password@host:port/database`
 * or `host=... user=...`. Throws where it is neither, or has parameters that Spin does not know.
 */
export function parsePostgresAddress(address: string): PostgresAddress {
  if (address.includes("\0")) throw new Error("invalid connection string: embedded null");
  const isUrl = /^postgres(?:ql)?:\/\//.test(address);
  const parameters = isUrl ? urlParameters(address) : keywordParameters(address);
  for (const key of parameters.keys()) {
    if (!texts.has(key) && !Object.hasOwn(choices, key)) {
      throw new Error(`invalid connection string: unknown option \`${key}\``);
    }
  }
  return {
    hosts: hostsOf(parameters),
    user: parameters.get("user"),
    password: parameters.get("password"),
    database: parameters.get("dbname"),
    options: parameters.get("options"),
    applicationName: parameters.get("application_name"),
    sslMode: choice(parameters, "sslmode"),
    sslNegotiation: choice(parameters, "sslnegotiation"),
    channelBinding: choice(parameters, "channel_binding"),
    targetSession: choice(parameters, "target_session_attrs"),
    isShuffled: choice(parameters, "load_balance_hosts") === "random",
    connectTimeoutSeconds: seconds(parameters.get("connect_timeout")),
  };
}

function urlParameters(address: string): Map<string, string> {
  const rest = address.slice(address.indexOf("://") + 3);
  const [, authority = "", path = "", query = ""] =
    /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(rest) ?? [];
  const at = authority.lastIndexOf("@");
  const parameters = new Map<string, string>();
  if (at !== -1) {
    const [user, password] = split(authority.slice(0, at), ":");
    parameters.set("user", decoded(user));
    if (password !== undefined) parameters.set("password", decoded(password));
  }
  const hosts = authority.slice(at + 1);
  if (hosts !== "") addHosts(parameters, hosts.split(","));
  if (path !== "") parameters.set("dbname", decoded(path));
  for (const item of query === "" ? [] : query.split("&")) {
    const [key, value] = split(item, "=");
    if (value === undefined) throw new Error("invalid connection string: unterminated parameter");
    parameters.set(decoded(key), decoded(value));
  }
  return parameters;
}

function addHosts(parameters: Map<string, string>, hosts: readonly string[]): void {
  const found = hosts.map((host) => {
    const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(host);
    if (match === null) throw new Error("invalid connection string: invalid host");
    return [decoded(match[1] ?? match[2] ?? ""), match[3] || "5432"] as const;
  });
  parameters.set("host", found.map(([host]) => host).join(","));
  parameters.set("port", found.map(([, port]) => port).join(","));
}

function keywordParameters(address: string): Map<string, string> {
  const parameters = new Map<string, string>();
  const pattern = /\s*([^\s=]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)/gsy;
  let at = 0;
  const end = address.trimEnd().length;
  while (at < end) {
    pattern.lastIndex = at;
    const match = pattern.exec(address);
    if (match === null) throw new Error("invalid connection string: expected key=value");
    const value = match[2] ?? match[3] ?? "";
    parameters.set(match[1] ?? "", value.replace(/\\(.)/gs, "$1"));
    at = pattern.lastIndex;
  }
  return parameters;
}

function hostsOf(parameters: ReadonlyMap<string, string>): PostgresHost[] {
  if (parameters.has("hostaddr")) {
    throw new Error("invalid connection string: hostaddr is not supported, use host");
  }
  const hosts = parameters.get("host")?.split(",") ?? [];
  const ports = parameters.get("port")?.split(",").map(portNumber) ?? [];
  if (ports.length > 1 && ports.length !== hosts.length) {
    throw new Error("invalid connection string: invalid number of ports");
  }
  return hosts.map((host, index) => ({
    host,
    port: ports.length === 1 ? ports[0] : ports[index],
  }));
}

function portNumber(text: string): number | undefined {
  if (text === "") return undefined;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new Error("invalid connection string: invalid value for option `port`");
}

function seconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^-?\d{1,9}$/.test(text)) {
    throw new Error("invalid connection string: invalid value for option `connect_timeout`");
  }
  return Number(text) > 0 ? Number(text) : undefined;
}

function choice<K extends keyof typeof choices>(
  parameters: ReadonlyMap<string, string>,
  key: K,
): (typeof choices)[K][number] {
  const allowed: readonly (typeof choices)[K][number][] = choices[key];
  const [first] = allowed;
  const value = parameters.get(key);
  const found = value === undefined ? first : allowed.find((item) => item === value);
  if (found !== undefined) return found;
  throw new Error(`invalid connection string: invalid value for option \`${key}\``);
}

function split(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decoded(text: string): string {
  try {
    const found = decodeURIComponent(text);
    if (!found.includes("\0")) return found;
  } catch {
    // Told below.
  }
  throw new Error("invalid connection string: invalid percent-encoding");
}

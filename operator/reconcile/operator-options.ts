import { parseArgs } from "node:util";
import { leaseName } from "../api/names.ts";
import { OperatorError } from "../error.ts";

/** An address to listen on; undefined where nothing is served. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface OperatorOptions {
  readonly metrics: ListenAddress | undefined;
  readonly health: ListenAddress | undefined;
  /** Metrics over TLS, and readers have to show a token that may read them. */
  readonly metricsSecure: boolean;
  /** Folder with tls.crt and tls.key for the metrics; one that is made up where not given. */
  readonly metricsCertificates: string | undefined;
  /** Where webhooks are served; undefined for none. */
  readonly webhooks: ListenAddress | undefined;
  /** Folder with tls.crt and tls.key for the webhooks; one of our own where not given. */
  readonly webhookCertificates: string | undefined;
  /** File with the authority that the API server has a client's certificate of. */
  readonly webhookClientAuthority: string | undefined;
  /** The console; undefined where it is not served. */
  readonly console: ConsoleSettings | undefined;
  readonly leaderElect: boolean;
  /** Only this namespace is watched; all where undefined. */
  readonly watchNamespace: string | undefined;
  /** Namespace of the Lease and of executors that serve the whole cluster. */
  readonly operatorNamespace: string;
  /** Deployment of that namespace that the Lease goes with. */
  readonly leaseOwner: string | undefined;
  readonly concurrency: number;
  readonly logLevel: string;
  readonly kubeconfig: string | undefined;
}

/** How the console is served. */
export interface ConsoleSettings {
  readonly address: ListenAddress;
  /** Over TLS. */
  readonly isSecure: boolean;
  /** Folder with tls.crt and tls.key; one that is made up where not given. */
  readonly certificates: string | undefined;
  /** Names under which people reach it, beside addresses and localhost. */
  readonly hostNames: readonly string[];
  /** What stands at the top of the page. */
  readonly title: string;
}

const concurrencyMax = 256;
const logLevels = ["debug", "info", "warn", "error"] as const;

const operatorUsage = `operator: runs SpinApps as Deployments, Jobs and CronJobs

  --metrics-bind-address ADDRESS       metrics, :8080 where not given, 0 for none
  --health-probe-bind-address ADDRESS  /healthz and /readyz, :8082 where not given, 0 for none
  --metrics-secure=false               metrics over plain HTTP, without asking for a token
  --metrics-cert-path FOLDER           its tls.crt and tls.key instead of a made-up certificate
  --enable-webhooks                    serve spin-operator's admission webhooks too
  --webhook-bind-address ADDRESS       :9443 where not given
  --webhook-cert-path FOLDER           its tls.crt and tls.key instead of the operator's own
  --webhook-client-ca-file FILE        answer only who has a certificate of this authority
  --console                            serve the console, to those who show a token
  --console-bind-address ADDRESS       :8090 where not given
  --console-secure=false               the console over plain HTTP
  --console-cert-path FOLDER           its tls.crt and tls.key instead of a made-up certificate
  --console-host-names NAME,NAME       names that people reach it by, beside localhost and addresses
  --console-title TEXT                 the cluster's name on the page
  --leader-elect                       only one of several replicas works (Lease ${leaseName})
  --lease-owner DEPLOYMENT             of the same namespace: the Lease goes when it goes
  --watch-namespace NAMESPACE          look at one namespace only
  --operator-namespace NAMESPACE       where the Lease and shared executors are
  --concurrency NUMBER                 apps worked on at a time, 8 where not given
  --log-level LEVEL                    ${logLevels.join(", ")}
  --kubeconfig FILE                    instead of the service account or ~/.kube/config
`;

/** What is known of the surroundings of the process. */
export interface Surroundings {
  /** Namespace of the pod, where the process runs in one. */
  readonly podNamespace: string | undefined;
}

/**
 * Options from a command line, with spin-operator's names; flags that only spin-operator has are
 * accepted so that its manifests work. Throws `usage`.
 */
export function parseOperatorOptions(
  argv: readonly string[],
  { podNamespace }: Surroundings,
): OperatorOptions {
  const { values } = parse(argv);
  return {
    metrics: parseAddress("--metrics-bind-address", values["metrics-bind-address"] ?? ":8080"),
    health: parseAddress(
      "--health-probe-bind-address",
      values["health-probe-bind-address"] ?? ":8082",
    ),
    metricsSecure: (values["metrics-secure"] ?? "true") !== "false",
    metricsCertificates: values["metrics-cert-path"],
    webhooks:
      (values["enable-webhooks"] ?? "false") === "false"
        ? undefined
        : parseAddress("--webhook-bind-address", values["webhook-bind-address"] ?? ":9443"),
    webhookCertificates: values["webhook-cert-path"],
    webhookClientAuthority: values["webhook-client-ca-file"] || undefined,
    console: parseConsole(values),
    leaderElect: (values["leader-elect"] ?? "false") !== "false",
    watchNamespace: values["watch-namespace"] || undefined,
    operatorNamespace: values["operator-namespace"] ?? podNamespace ?? "spin-operator",
    leaseOwner: values["lease-owner"] || undefined,
    concurrency: parseConcurrency(values.concurrency ?? "8"),
    logLevel: parseLevel(values["log-level"] ?? "info"),
    kubeconfig: values.kubeconfig,
  };
}

/** Go's flags may stand alone and mean true; ours take a value. */
const booleans = new Set([
  "--leader-elect",
  "--metrics-secure",
  "--enable-webhooks",
  "--console",
  "--console-secure",
  "--enable-http2",
  "--zap-devel",
]);

function parse(argv: readonly string[]): ReturnType<typeof parseStrictly> {
  const args = argv.map((arg) => (booleans.has(arg) ? `${arg}=true` : arg));
  try {
    return parseStrictly(args);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new OperatorError("usage", `${text}\n\n${operatorUsage}`, { cause: error });
  }
}

function parseStrictly(args: string[]) {
  const text = { type: "string" } as const;
  return parseArgs({
    args,
    strict: true,
    options: {
      "metrics-bind-address": text,
      "health-probe-bind-address": text,
      "metrics-secure": text,
      "metrics-cert-path": text,
      "leader-elect": text,
      "lease-owner": text,
      "watch-namespace": text,
      "operator-namespace": text,
      concurrency: text,
      "log-level": text,
      kubeconfig: text,
      "enable-webhooks": text,
      "webhook-bind-address": text,
      "webhook-cert-path": text,
      "webhook-client-ca-file": text,
      console: text,
      "console-bind-address": text,
      "console-secure": text,
      "console-cert-path": text,
      "console-host-names": text,
      "console-title": text,
      // spin-operator's: there is no HTTP/2, and logs have one form.
      "enable-http2": text,
      "zap-devel": text,
      "zap-encoder": text,
      "zap-log-level": text,
      "zap-stacktrace-level": text,
      "zap-time-encoding": text,
    },
  });
}

function parseConsole(
  values: ReturnType<typeof parseStrictly>["values"],
): ConsoleSettings | undefined {
  if ((values.console ?? "false") === "false") return undefined;
  const address = parseAddress("--console-bind-address", values["console-bind-address"] ?? ":8090");
  if (address === undefined) return undefined;
  return {
    address,
    isSecure: (values["console-secure"] ?? "true") !== "false",
    certificates: values["console-cert-path"] || undefined,
    hostNames: (values["console-host-names"] ?? "").split(",").filter((name) => name !== ""),
    title: values["console-title"] || (values["watch-namespace"] ?? "") || "cluster",
  };
}

function parseAddress(flag: string, address: string): ListenAddress | undefined {
  if (address === "0" || address === "") return undefined;
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]*):([0-9]{1,5})$/u.exec(address);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new OperatorError("usage", `${flag} must be an address such as :8080, not "${address}"`);
  }
  const host = (match[1] ?? "").replaceAll(/[[\]]/gu, "");
  return { host: host === "" ? "0.0.0.0" : host, port };
}

function parseConcurrency(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= concurrencyMax) return value;
  throw new OperatorError("usage", `--concurrency must be 1 to ${concurrencyMax}, not "${text}"`);
}

function parseLevel(text: string): string {
  if ((logLevels as readonly string[]).includes(text)) return text;
  throw new OperatorError(
    "usage",
    `--log-level must be one of ${logLevels.join(", ")}, not "${text}"`,
  );
}

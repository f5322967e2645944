import { hostname } from "node:os";
import { rootCertificates } from "node:tls";
import type { KubeConfig } from "@kubernetes/client-node";
import { leaseName } from "../api/names.ts";
import type { ConsoleDependencies } from "../console/serve-console.ts";
import { Caches } from "../kube/caches.ts";
import { KubeClient } from "../kube/client.ts";
import { systemClock } from "../kube/clock.ts";
import { EventRecorder } from "../kube/event-recorder.ts";
import { referenceOf } from "../kube/event-series.ts";
import { KubeConfigTransport } from "../kube/kube-config-transport.ts";
import { LeaderElector } from "../kube/leader-elector.ts";
import { deploymentOwner } from "../kube/lease-owner.ts";
import type { Log } from "../kube/log.ts";
import { OperatorMetrics } from "../kube/metrics.ts";
import { OperationsServer } from "../kube/operations-server.ts";
import { runControllers } from "../kube/run-controllers.ts";
import { selfSignedCertificate } from "../kube/self-signed-certificate.ts";
import type { Certificate } from "../kube/self-signed-certificate.ts";
import { TokenGuard } from "../kube/token-guard.ts";
import { limits } from "../limits.ts";
import { operatorControllers } from "./operator-controllers.ts";
import type { OperatorOptions } from "./operator-options.ts";
import {
  certificateIn,
  followFolder,
  serveWebhooks,
  type WebhookDependencies,
} from "./serve-webhooks.ts";

export interface RunOperatorDependencies {
  readonly options: OperatorOptions;
  readonly config: KubeConfig;
  readonly log: Log;
  /** Of Whorl. */
  readonly version: string;
  /** Of this process, different from that of every other. */
  readonly identity: string;
  readonly signal: AbortSignal;
}

const controllerName = "spinkube.dev/spin-operator";

/**
 * Runs the operator until the signal. Resolves with `lost` when another replica leads: the process
 * should end then, and start anew.
 */
export async function runOperator(deps: RunOperatorDependencies): Promise<"stopped" | "lost"> {
  const { options, log, identity, signal } = deps;
  const metrics = new OperatorMetrics();
  await using transport = new KubeConfigTransport(deps.config);
  const client = new KubeClient({ transport, userAgent: controllerName, observer: metrics.rest() });
  const caches = new Caches({ client, log });
  const recorder = new EventRecorder({
    client,
    controller: controllerName,
    instance: identity,
    log,
  });
  const scope = { namespace: options.watchNamespace, operatorNamespace: options.operatorNamespace };
  const controllers = operatorControllers({
    client,
    caches,
    scope,
    certificates: `${rootCertificates.join("\n")}\n`,
    announce: ({ regarding, ...event }) => {
      recorder.record({ ...event, regarding: referenceOf(regarding, regarding) });
    },
    clock: systemClock,
    log,
    metrics,
    concurrency: options.concurrency,
  });
  await using _health = await serveHealth(options, caches);
  await using _metrics = await serveMetrics(options, { client, metrics, log, signal });
  await using _webhooks = await openWebhooks(options, { client, caches, scope, log, signal });
  const { operatorNamespace: namespace, leaseOwner } = options;
  const owner =
    leaseOwner === undefined
      ? undefined
      : deploymentOwner(client, { namespace, name: leaseOwner }, log);
  await using _console = await openConsole(options, {
    ...{ client, caches, scope, log, signal, version: deps.version },
  });
  const elector = options.leaderElect
    ? new LeaderElector({
        client,
        lease: { namespace, name: leaseName },
        identity,
        owner,
        log,
        observer: metrics.leader(leaseName),
      })
    : undefined;
  return await runControllers({ caches, controllers, recorder, elector, signal });
}

async function serveHealth(
  { health }: OperatorOptions,
  caches: Caches,
): Promise<AsyncDisposable | undefined> {
  if (health === undefined) return undefined;
  return await OperationsServer.start({
    ...health,
    health: { ping: () => undefined },
    ready: { caches: () => unreadyCaches(caches) },
  });
}

/** A standby and an operator whose API server restarts stay ready: they have read everything once. */
function unreadyCaches(caches: Caches): string | undefined {
  const starting = caches.health().filter(({ health }) => health.kind === "starting");
  if (starting.length === 0) return undefined;
  return `not read yet: ${starting.map(({ resource }) => resource).join(", ")}`;
}

async function serveMetrics(
  { metrics: address, metricsSecure, metricsCertificates }: OperatorOptions,
  deps: {
    readonly client: KubeClient;
    readonly metrics: OperatorMetrics;
    readonly log: Log;
    readonly signal: AbortSignal;
  },
): Promise<AsyncDisposable | undefined> {
  if (address === undefined) return undefined;
  const metrics = deps.metrics.registry;
  if (!metricsSecure) return await OperationsServer.start({ ...address, metrics });
  const guard = new TokenGuard(deps.client, { log: deps.log });
  const tls =
    metricsCertificates === undefined ? ownCertificate() : certificateIn(metricsCertificates);
  const server = await OperationsServer.start({
    ...address,
    metrics,
    guard: async (authorization, path) => await guard.check(authorization, path),
    tls,
  });
  return metricsCertificates === undefined
    ? server
    : renewedFrom(metricsCertificates, server, deps);
}

async function openWebhooks(
  { webhooks: address, webhookCertificates, webhookClientAuthority }: OperatorOptions,
  deps: Pick<WebhookDependencies, "client" | "caches" | "scope" | "log" | "signal">,
): Promise<AsyncDisposable | undefined> {
  if (address === undefined) return undefined;
  const files = { certificates: webhookCertificates, clientAuthority: webhookClientAuthority };
  return await serveWebhooks({ ...deps, address, ...files });
}

async function openConsole(
  { console: settings }: OperatorOptions,
  deps: Pick<ConsoleDependencies, "client" | "caches" | "scope" | "log" | "version"> & {
    readonly signal: AbortSignal;
  },
): Promise<AsyncDisposable | undefined> {
  if (settings === undefined) return undefined;
  const { address, isSecure, certificates, hostNames, title } = settings;
  // Only who serves it loads it, and the page with it.
  const [{ serveConsole }, { consoleFiles }] = await Promise.all([
    import("../console/serve-console.ts"),
    import("../../console/files.ts"),
  ]);
  const certificate =
    certificates === undefined ? ownCertificate : (): Certificate => certificateIn(certificates);
  const server = await serveConsole({
    ...deps,
    ...{ address, hostNames, title, clock: systemClock, files: await consoleFiles() },
    certificate: isSecure ? certificate() : undefined,
  });
  deps.log.info({ url: server.url }, "serving the console");
  return isSecure && certificates !== undefined ? renewedFrom(certificates, server, deps) : server;
}

/** A server that gets each new certificate of a folder. */
function renewedFrom(
  folder: string,
  server: AsyncDisposable & { renew(certificate: Certificate): void },
  deps: { readonly log: Log; readonly signal: AbortSignal },
): AsyncDisposable {
  const stop = new AbortController();
  const signal = AbortSignal.any([deps.signal, stop.signal]);
  const changed = (certificate: Certificate): void => server.renew(certificate);
  const following = followFolder(folder, { changed, log: deps.log, signal });
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      stop.abort();
      await following;
      await server[Symbol.asyncDispose]();
    },
  };
}

/** For readers who encrypt but do not verify, as upstream's default; given anew at each start. */
function ownCertificate(): Certificate {
  const now = Date.now();
  const from = new Date(now - limits.certificateSkewMs);
  const until = new Date(now + limits.metricsCertificateMs);
  return selfSignedCertificate({ names: ["localhost", hostname()], from, until });
}

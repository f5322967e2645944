import { existsSync, readFileSync } from "node:fs";
import { managedByAnnotation, managedByValue } from "../api/names.ts";
import { trustWebhooks } from "../admission/webhook-configuration.ts";
import { webhookHandlers } from "../admission/webhook-handlers.ts";
import type { Executors } from "../admission/webhook-handlers.ts";
import { webhookHosts, webhookNames } from "../admission/webhook-paths.ts";
import { errorText } from "../error.ts";
import { AdmissionServer } from "../kube/admission-server.ts";
import type { Caches } from "../kube/caches.ts";
import { CertificateKeeper } from "../kube/certificate-keeper.ts";
import type { KubeClient } from "../kube/client.ts";
import { pause, systemClock } from "../kube/clock.ts";
import { isKubeError } from "../kube/kube-error.ts";
import type { Log } from "../kube/log.ts";
import type { Certificate } from "../kube/self-signed-certificate.ts";
import { limits } from "../limits.ts";
import type { ListenAddress } from "./operator-options.ts";
import { spinAppExecutors } from "./resources.ts";
import { indexes, watchAll } from "./watched.ts";
import type { WatchScope } from "./watched.ts";

export interface WebhookDependencies {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly scope: WatchScope;
  readonly address: ListenAddress;
  /** Folder with tls.crt and tls.key; a certificate of our own where undefined or empty. */
  readonly certificates: string | undefined;
  /** File with the authority that clients have a certificate of; anybody is answered where undefined. */
  readonly clientAuthority: string | undefined;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Serves the webhooks, on every replica: the Service does not know who leads. */
export async function serveWebhooks(deps: WebhookDependencies): Promise<AsyncDisposable> {
  const { client, scope, address, log } = deps;
  const stop = new AbortController();
  const signal = AbortSignal.any([deps.signal, stop.signal]);
  const handlers = webhookHandlers(
    executorsOf(deps),
    (namespace) => scope.namespace === undefined || namespace === scope.namespace,
  );
  const folder = deps.certificates;
  const isGiven = folder !== undefined && existsSync(`${folder}/tls.crt`);
  const keeper = new CertificateKeeper({
    client,
    secret: { namespace: scope.operatorNamespace, name: webhookNames.secret },
    names: webhookHosts(scope.operatorNamespace),
    mark: [managedByAnnotation, managedByValue],
    trust: async (trusted, aborted) => await trustWebhooks(client, trusted, aborted),
    log,
  });
  const certificate = isGiven ? certificateIn(folder) : await keeper.current(signal);
  const clientAuthority =
    deps.clientAuthority === undefined ? undefined : readFileSync(deps.clientAuthority, "utf8");
  const server = await AdmissionServer.start({
    ...address,
    ...{ certificate, clientAuthority, handlers },
  });
  const changed = (renewed: Certificate): void => server.renew(renewed);
  const renewing = isGiven
    ? followFolder(folder, { changed, log, signal })
    : keeper.run(changed, signal);
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      stop.abort();
      await renewing;
      await server[Symbol.asyncDispose]();
    },
  };
}

/** The certificate in a folder, as cert-manager and kubelet lay it out. */
export function certificateIn(folder: string): Certificate {
  return {
    cert: readFileSync(`${folder}/tls.crt`, "utf8"),
    key: readFileSync(`${folder}/tls.key`, "utf8"),
  };
}

/** Tells of each new certificate in a folder until the abort; never rejects. */
export async function followFolder(
  folder: string,
  to: {
    readonly changed: (certificate: Certificate) => void;
    readonly log: Log;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  let { cert } = certificateIn(folder);
  for (;;) {
    await pause(systemClock, limits.credentialAgeMsMax, to.signal);
    if (to.signal.aborted) return;
    try {
      const found = certificateIn(folder);
      if (found.cert === cert) continue;
      to.changed(found);
      cert = found.cert;
    } catch (error) {
      // Both files are replaced one after the other: the next look sees the whole.
      to.log.warn({ error: errorText(error) }, "the certificate in the folder cannot be used");
    }
  }
}

function executorsOf({ client, caches, scope }: WebhookDependencies): Executors {
  const { executors, sharedExecutors } = watchAll(caches, scope);
  return {
    choice: (namespace) => ({
      own: executors.store.byIndex(indexes.byNamespace, namespace),
      shared: sharedExecutors.store.byIndex(indexes.clusterDefaults, "true"),
    }),
    fetch: async (namespace, name, signal) => {
      try {
        return await client.get(spinAppExecutors, { namespace, name }, { signal });
      } catch (error) {
        if (isKubeError(error, "NotFound")) return undefined;
        throw error;
      }
    },
  };
}

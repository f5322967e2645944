import { startConsole } from "../../runtime/telemetry/admin/console-server.ts";
import type { ConsoleFiles } from "../../runtime/telemetry/admin/console-files.ts";
import type { AccessVerdict } from "../../runtime/telemetry/admin/console-access.ts";
import { OperatorError, errorText } from "../error.ts";
import type { Caches } from "../kube/caches.ts";
import type { KubeClient } from "../kube/client.ts";
import type { Clock } from "../kube/clock.ts";
import { byNamespace } from "../kube/index-functions.ts";
import type { Log } from "../kube/log.ts";
import type { Certificate } from "../kube/self-signed-certificate.ts";
import { indexes, watchAll, type WatchScope } from "../reconcile/watched.ts";
import { ClusterView, type ClusterViewParts } from "./cluster-view.ts";
import { ConsoleGuard } from "./console-guard.ts";
import { noRights } from "./console-rights.ts";

export interface ConsoleDependencies {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly scope: WatchScope;
  readonly address: { readonly host: string; readonly port: number };
  /** Names, beside addresses and localhost, under which people reach it. */
  readonly hostNames: readonly string[];
  /** What stands at the top of the page. */
  readonly title: string;
  readonly version: string;
  /** The page. */
  readonly files: ConsoleFiles;
  /** Plain HTTP where not given. */
  readonly certificate: Certificate | undefined;
  /** How often those who follow changes are asked about anew, milliseconds. */
  readonly recheckMs?: number | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ServedConsole extends AsyncDisposable {
  readonly url: string;
  /** New connections get this certificate. */
  renew(certificate: Certificate): void;
}

const stillReading: AccessVerdict = { kind: "busy", reason: "the cluster is being read" };

/**
 * Serves the console of the cluster, on every replica: each has all caches. Reads only, and shows
 * each caller what the cluster's rights let them list. To be called before the caches run. Throws
 * `listen` where the address cannot be had.
 */
export async function serveConsole(deps: ConsoleDependencies): Promise<ServedConsole> {
  const { client, caches, scope, title, version, clock, log, certificate: tls } = deps;
  const watched = watchAll(caches, scope);
  watched.apps.addIndex(indexes.byNamespace, byNamespace);
  const parts: ClusterViewParts = {
    ...{ caches: watched, title, version, startedMs: Date.now(), feeds: { taken: 0 } },
  };
  const guard = new ConsoleGuard({
    ...{ client, clock, log },
    namespaces: () =>
      scope.namespace === undefined
        ? watched.apps.store.indexValues(indexes.byNamespace).toSorted()
        : [scope.namespace],
    viewOf: (rights) => new ClusterView(parts, rights),
  });
  try {
    return await startConsole({
      ...deps.address,
      ...{ tls, files: deps.files, hostNames: deps.hostNames, recheckMs: deps.recheckMs },
      // Who is granted access has a view of their own; this one shows nothing.
      view: new ClusterView(parts, noRights),
      authorize: async (token) =>
        watched.apps.hasSynced && watched.pods.hasSynced
          ? await guard.authorize(token)
          : stillReading,
      onRefused: (message) =>
        log.warn({ refusal: message }, "a request to the console was refused"),
    });
  } catch (cause) {
    throw new OperatorError("listen", errorText(cause), { cause });
  }
}

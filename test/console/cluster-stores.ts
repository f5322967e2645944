import type { SpinApp } from "../../operator/api/spin-app.ts";
import type { ClusterCaches } from "../../operator/console/cluster-caches.ts";
import type { KubeObject } from "../../operator/kube/object.ts";
import type { ChangeHandler } from "../../operator/kube/object-cache.ts";
import { byNamespace } from "../../operator/kube/index-functions.ts";
import { ObjectStore } from "../../operator/kube/object-store.ts";
import { appKeys, indexes } from "../../operator/reconcile/watched.ts";
import type { ObservedPod } from "../../operator/status/observed.ts";

/** A cache that is filled by hand. */
class FilledCache<T extends KubeObject> {
  readonly store = new ObjectStore<T>();
  readonly #handlers = new Set<ChangeHandler<T>>();

  addHandler(handler: ChangeHandler<T>): Disposable {
    this.#handlers.add(handler);
    return { [Symbol.dispose]: () => void this.#handlers.delete(handler) };
  }

  put(object: T): void {
    const change = this.store.put(object);
    for (const { added, updated } of this.#handlers) {
      if (change.kind === "added") added?.(object, { initial: false });
      if (change.kind === "updated") updated?.(object, change.old);
    }
  }
}

const namespaces = ["billing", "media", "search", "shop"];
const nouns = ["cart", "prices", "stock", "reviews", "orders", "ledger", "index", "thumbs"];
const since = new Date(Date.now() - 3_600_000).toISOString();

/** What the operator knows of a cluster, made up; `put` changes it as a watch does. */
export interface FilledCaches extends ClusterCaches {
  readonly apps: FilledCache<SpinApp>;
  readonly pods: FilledCache<ObservedPod>;
}

/** As many apps as wanted: every 97th does not run, each for its own reason. */
export function filledCaches(count: number): FilledCaches {
  const caches = {
    apps: new FilledCache<SpinApp>(),
    pods: new FilledCache<ObservedPod>(),
    deployments: new FilledCache<KubeObject>(),
    executors: new FilledCache<
      KubeObject & { readonly spec: { readonly createDeployment: true } }
    >(),
    sharedExecutors: new FilledCache<
      KubeObject & { readonly spec: { readonly createDeployment: true } }
    >(),
  };
  caches.apps.store.addIndex(indexes.byNamespace, byNamespace);
  caches.pods.store.addIndex(indexes.byApp, appKeys);
  caches.executors.store.addIndex(indexes.byNamespace, byNamespace);
  caches.sharedExecutors.store.addIndex(indexes.clusterDefaults, () => []);
  for (let at = 0; at < count; at++) {
    const app = appOf(at);
    caches.apps.put(app);
    if (at < 60) for (const pod of podsOf(app, at)) caches.pods.put(pod);
  }
  return caches;
}

const troubles = [
  ["ImagePullFailed", "pod NAME-7d9f6c5b4-0: container NAME: not found: IMAGE"],
  ["AppCrashes", "pod NAME-7d9f6c5b4-0: container NAME: variable api_url is missing [exit code 1]"],
  ["Unschedulable", "pod NAME-7d9f6c5b4-0: 0/3 nodes are available: 3 Insufficient memory"],
  ["ReferenceMissing", "variable token: Secret NAME does not exist: create it"],
] as const;

/** The app of a number; with `isWell` whatever was wrong with it is over. */
export function appOf(at: number, isWell = at % 97 !== 3): SpinApp {
  const noun = nouns[Math.floor(at / namespaces.length) % nouns.length] ?? "";
  const round = Math.floor(at / (namespaces.length * nouns.length));
  const name = round === 0 ? noun : `${noun}-${round + 1}`;
  const namespace = namespaces[at % namespaces.length] ?? "";
  const [reason, text] = troubles[Math.floor(at / 97) % troubles.length] ?? troubles[0];
  const replicas = isWell && at % 5 === 4 ? 0 : 1 + (at % 3);
  const image = `registry.example/${name}:1.${at % 9}`;
  const message = isWell
    ? replicas === 0
      ? "scaled to zero"
      : `${replicas} of ${replicas} pods are ready`
    : text.replaceAll("NAME", name).replace("IMAGE", image);
  const ready = {
    type: "Ready",
    status: isWell ? ("True" as const) : ("False" as const),
    reason: isWell ? (replicas === 0 ? "ScaledToZero" : "AppReady") : reason,
  };
  return {
    metadata: { name, namespace, generation: 1, uid: `u${at}`, resourceVersion: "1" },
    spec: {
      ...{
        executor: "containerd-shim-spin",
        image,
        replicas,
      },
      ...(at % 2 === 1 && { containers: [{ name: "proxy", image: "registry.example/proxy:3" }] }),
    },
    status: {
      readyReplicas: isWell ? replicas : 0,
      url: `http://${name}.${namespace}.svc`,
      conditions: [{ ...ready, message, observedGeneration: 1, lastTransitionTime: since }],
    },
  };
}

function podsOf({ metadata, spec, status }: SpinApp, at: number): readonly ObservedPod[] {
  const { name, namespace = "" } = metadata;
  const isWell = (status?.readyReplicas ?? 0) > 0 || spec.replicas === 0;
  const waiting = { reason: "ImagePullBackOff", message: `not found: ${spec.image}` };
  const container = { ready: isWell, restartCount: isWell ? 0 : 4 };
  return Array.from({ length: spec.replicas ?? 1 }, (_, number) => ({
    metadata: {
      ...{ name: `${name}-7d9f6c5b4-${number}`, namespace, uid: `p${at}-${number}` },
      labels: { "core.spinkube.dev/app-name": name },
      creationTimestamp: since,
    },
    spec: { nodeName: `node-${"abc"[(at + number) % 3] ?? ""}` },
    status: {
      phase: isWell ? "Running" : "Pending",
      containerStatuses: [
        { ...container, name, image: spec.image, state: isWell ? { running: {} } : { waiting } },
        ...(spec.containers ?? []).map((each) => ({
          ...{ name: each.name, image: "registry.example/proxy:3", ready: true, restartCount: 0 },
          state: { running: {} },
        })),
      ],
    },
  }));
}

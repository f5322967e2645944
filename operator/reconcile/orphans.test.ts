import { expect, test } from "vitest";
import { appNameLabel } from "../api/names.ts";
import type { SpinApp } from "../api/spin-app.ts";
import { desiredChildren } from "../desired/children.ts";
import type { Children } from "../desired/children.ts";
import { builtInExecutor } from "../desired/executor.ts";
import { Caches } from "../kube/caches.ts";
import { KubeClient } from "../kube/client.ts";
import { servedOnce } from "../kube/fake-api.ts";
import { FakeClock } from "../kube/fake-clock.ts";
import type { KubeObject } from "../kube/object.ts";
import { orphans } from "./orphans.ts";
import { RecentWrites } from "./recent-writes.ts";
import { watchAll } from "./watched.ts";

const metadata = { name: "hello", namespace: "shop", uid: "u1" };
const served: SpinApp = { metadata, spec: { image: "i", executor: "e", replicas: 2 } };
const scheduled: SpinApp = { ...served, spec: { ...served.spec, job: { schedule: "0 3 * * *" } } };
const once: SpinApp = { ...served, spec: { ...served.spec, job: {} } };

function children(app: SpinApp): Children {
  const values = { configMap: () => undefined, secret: () => undefined };
  return desiredChildren({ app, executor: builtInExecutor, values });
}

interface More {
  readonly metadata?: object;
  readonly [field: string]: unknown;
}

function child(name: string, more: More = {}): KubeObject {
  const labels = { [appNameLabel]: "hello" };
  const owner = { apiVersion: "core.spinkube.dev/v1alpha1", kind: "SpinApp", ...metadata };
  return {
    ...more,
    metadata: {
      ...{ name, namespace: "shop", uid: `of-${name}`, resourceVersion: "5", labels },
      ownerReferences: [{ ...owner, controller: true }],
      ...more.metadata,
    },
  };
}

const oldSecret = child("hello-0ddc0de", { data: { "runtime-config.toml": "" } });
const rolledOut = {
  spec: { replicas: 2 },
  status: { observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
};
const deployment = child("hello", { metadata: { generation: 3 }, ...rolledOut });
const finished = { status: { conditions: [{ type: "Complete", status: "True" }] } };

interface Row {
  readonly name: string;
  readonly app: SpinApp;
  /** By the plural of their kind. */
  readonly there: Readonly<Record<string, readonly KubeObject[]>>;
  /** Written a moment ago, not yet seen by the caches. */
  readonly written?: KubeObject & { readonly kind: string };
  readonly expected: readonly string[];
}

const rows: readonly Row[] = [
  {
    name: "a former configuration goes once the Deployment is rolled out",
    app: served,
    there: { secrets: [oldSecret], deployments: [deployment] },
    expected: ["Secret hello-0ddc0de"],
  },
  {
    name: "it stays where the Deployment was changed a moment ago: its pods are the former ones",
    app: served,
    there: { secrets: [oldSecret], deployments: [deployment] },
    written: {
      ...child("hello", { ...rolledOut, metadata: { generation: 4, resourceVersion: "6" } }),
      kind: "Deployment",
    },
    expected: [],
  },
  {
    name: "the Secret of somebody else with such a name is nobody's orphan",
    app: served,
    there: {
      deployments: [deployment],
      secrets: [
        child("hello-own", {
          data: { "runtime-config.toml": "" },
          metadata: { ownerReferences: [] },
        }),
        child("hello-data", { data: { password: "" } }),
      ],
    },
    expected: [],
  },
  {
    name: "a former configuration of a CronJob goes when no Job of it runs",
    app: scheduled,
    there: {
      secrets: [oldSecret],
      cronjobs: [child("hello")],
      jobs: [child("hello-29", { ...finished, metadata: { ownerReferences: [] } })],
    },
    expected: ["Secret hello-0ddc0de"],
  },
  {
    name: "it stays while a Job runs",
    app: scheduled,
    there: {
      secrets: [oldSecret],
      cronjobs: [child("hello")],
      jobs: [child("hello-29", { status: { active: 1 }, metadata: { ownerReferences: [] } })],
    },
    expected: [],
  },
  {
    name: "it stays where the CronJob was changed a moment ago: it may start a Job of the former",
    app: scheduled,
    there: { secrets: [oldSecret], cronjobs: [child("hello")] },
    written: { ...child("hello", { metadata: { resourceVersion: "6" } }), kind: "CronJob" },
    expected: [],
  },
  {
    name: "a former Job and its configuration go one after the other",
    app: once,
    there: { secrets: [oldSecret], jobs: [child("hello-1", { status: { active: 1 } })] },
    expected: ["Job hello-1"],
  },
  {
    name: "of a former Job that has finished, both go",
    app: once,
    there: { secrets: [oldSecret], jobs: [child("hello-1", finished)] },
    expected: ["Job hello-1", "Secret hello-0ddc0de"],
  },
];

test.each(rows)("orphans: $name", async ({ app, there, written, expected }) => {
  const stop = new AbortController();
  const client = new KubeClient({ transport: servedOnce(there), userAgent: "test" });
  const caches = new Caches({ client });
  const watched = watchAll(caches, { namespace: undefined, operatorNamespace: "operator" });
  const running = caches.run(stop.signal);
  try {
    await caches.synced(stop.signal);
    const recent = new RecentWrites(new FakeClock());
    if (written !== undefined) recent.wrote(written.kind, written);
    const found = orphans(app, children(app), { watched, recent });
    expect(found.map(({ kind, object }) => `${kind} ${object.metadata.name}`)).toEqual(expected);
  } finally {
    stop.abort();
    await running;
  }
});

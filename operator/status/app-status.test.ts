import { expect, test } from "vitest";
import type { SpinApp } from "../api/spin-app.ts";
import { desiredChildren } from "../desired/children.ts";
import { builtInExecutor } from "../desired/executor.ts";
import type { Condition } from "../kube/object.ts";
import { appStatus } from "./app-status.ts";
import type { StatusInput } from "./app-status.ts";
import type { ContainerStatus, ObservedDeployment, ObservedPod } from "./observed.ts";

const app: SpinApp = {
  metadata: { name: "hello", namespace: "shop", uid: "u1", generation: 3 },
  spec: { image: "registry.example/hello:1", executor: "containerd-shim-spin", replicas: 2 },
};
const values = { configMap: () => undefined, secret: () => undefined };
const now = new Date("2026-01-02T03:04:05.678Z");

function condition(type: string, status: Condition["status"], reason: string): Condition {
  return {
    type,
    status,
    reason,
    message: `${reason}.`,
    lastTransitionTime: "2026-01-01T00:00:00Z",
  };
}

function deployment(counts: object, conditions: readonly Condition[] = []): ObservedDeployment {
  return {
    metadata: { name: "hello", namespace: "shop", generation: 7 },
    spec: { replicas: 2 },
    status: { observedGeneration: 7, conditions, ...counts },
  };
}

const full = { replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };
const partial = { replicas: 2, updatedReplicas: 2, readyReplicas: 1, availableReplicas: 1 };

function pod(container: Partial<ContainerStatus>, more: object = {}): ObservedPod {
  return {
    metadata: { name: "hello-x", uid: "p1", creationTimestamp: "2026-01-02T03:00:00Z" },
    status: { phase: "Pending", containerStatuses: [{ name: "hello", ...container }], ...more },
  };
}

function given(more: Partial<StatusInput>): StatusInput {
  const own = more.app ?? app;
  return {
    app: own,
    now,
    executor: builtInExecutor,
    children: desiredChildren({ app: own, executor: builtInExecutor, values }),
    deployment: undefined,
    job: undefined,
    service: undefined,
    pods: [],
    events: [],
    blocked: undefined,
    advice: [],
    missing: [],
    referencesBaseline: undefined,
    ...more,
  };
}

interface Row {
  readonly name: string;
  readonly given: Partial<StatusInput>;
  readonly ready: string;
  /** Conditions beside Ready, as `Type=Status`. */
  readonly others: readonly string[];
  readonly message?: string;
}

const waiting = (reason: string, message: string): Partial<ContainerStatus> => ({
  state: { waiting: { reason, message } },
});
const unknown = ["Available=Unknown", "Progressing=Unknown"];
const external = { ...builtInExecutor, spec: { createDeployment: false } };
const jobApp: SpinApp = { ...app, spec: { ...app.spec, job: {} } };

const rows: readonly Row[] = [
  {
    name: "nothing made yet",
    given: {},
    ready: "False Starting",
    others: ["Reconciling=True", ...unknown],
  },
  {
    name: "all pods ready",
    given: {
      deployment: deployment(full, [condition("Available", "True", "MinimumReplicasAvailable")]),
    },
    ready: "True AppReady",
    others: ["Available=True"],
    message: "2 of 2 pods are ready",
  },
  {
    name: "advice beside a running app",
    given: { deployment: deployment(full), advice: ["spec.x: odd"] },
    ready: "True AppReady",
    others: [],
    message: "2 of 2 pods are ready; spec.x: odd",
  },
  {
    name: "the Deployment controller has not seen the newest spec",
    given: { deployment: deployment({ ...full, observedGeneration: 6 }) },
    ready: "False Starting",
    others: ["Reconciling=True"],
  },
  {
    name: "pods of the former version are still there",
    given: { deployment: deployment({ ...full, replicas: 3 }) },
    ready: "False Starting",
    others: ["Reconciling=True"],
  },
  {
    name: "scaled to zero",
    given: { app: { ...app, spec: { ...app.spec, replicas: 0 } }, deployment: deployment({}) },
    ready: "True ScaledToZero",
    others: [],
  },
  {
    name: "the image cannot be pulled",
    given: {
      deployment: deployment(partial),
      pods: [pod(waiting("ImagePullBackOff", "not found: hello:1"))],
    },
    ready: "False ImagePullFailed",
    others: ["Reconciling=True"],
    message: "pod hello-x: container hello: not found: hello:1",
  },
  {
    name: "the kubelet has evicted the pod, and with it killed its containers",
    given: {
      deployment: deployment(partial),
      pods: [
        pod(
          { state: { terminated: { exitCode: 137, reason: "Error" } } },
          { phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory." },
        ),
      ],
    },
    ready: "False Evicted",
    others: ["Reconciling=True"],
    message: "pod hello-x: The node was low on resource: memory.",
  },
  {
    name: "the app says why it ended",
    given: {
      deployment: deployment(partial),
      pods: [
        pod({
          ...waiting("CrashLoopBackOff", "back-off 10s"),
          lastState: {
            terminated: { exitCode: 137, reason: "Error", message: "variable x is missing\n" },
          },
        }),
      ],
    },
    ready: "False AppCrashes",
    others: ["Reconciling=True"],
    message: "pod hello-x: container hello: variable x is missing [exit code 137]",
  },
  {
    name: "the app ended without a word",
    given: {
      deployment: deployment(partial),
      pods: [pod({ state: { terminated: { exitCode: 1, reason: "Error" } } })],
    },
    ready: "False AppCrashes",
    others: ["Reconciling=True"],
    message: "pod hello-x: container hello: exit code 1, without a message: see its log",
  },
  {
    name: "out of memory",
    given: {
      deployment: deployment(partial),
      pods: [pod({ state: { terminated: { exitCode: 137, reason: "OOMKilled" } } })],
    },
    ready: "False OutOfMemory",
    others: ["Reconciling=True"],
  },
  {
    name: "no node fits",
    given: {
      deployment: deployment(partial),
      pods: [
        pod(
          {},
          {
            conditions: [
              {
                type: "PodScheduled",
                status: "False",
                reason: "Unschedulable",
                message: "0/3 nodes",
              },
            ],
          },
        ),
      ],
    },
    ready: "False Unschedulable",
    others: ["Reconciling=True"],
    message: "pod hello-x: 0/3 nodes",
  },
  {
    name: "only an event tells",
    given: {
      deployment: deployment(partial),
      pods: [pod({})],
      events: [
        {
          type: "Warning",
          reason: "FailedCreatePodSandBox",
          message: 'no runtime for "spin" is configured',
          involvedObject: { uid: "p1" },
        },
      ],
    },
    ready: "False FailedCreatePodSandBox",
    others: ["Reconciling=True"],
    message: 'pod hello-x: no runtime for "spin" is configured',
  },
  {
    name: "a quota keeps pods from being made",
    given: { deployment: deployment({}, [condition("ReplicaFailure", "True", "FailedCreate")]) },
    ready: "False FailedCreate",
    others: ["Reconciling=True"],
  },
  {
    name: "the rollout has exceeded its deadline",
    given: {
      deployment: deployment(partial, [
        condition("Progressing", "False", "ProgressDeadlineExceeded"),
      ]),
    },
    ready: "False Starting",
    others: ["Progressing=False", "Stalled=True"],
  },
  {
    name: "a Secret is missing",
    given: { deployment: deployment(partial), missing: ["variable x: Secret s does not exist"] },
    ready: "False ReferenceMissing",
    others: ["Reconciling=True"],
    message: "variable x: Secret s does not exist: create it",
  },
  {
    name: "the spec is wrong",
    given: {
      children: undefined,
      blocked: {
        reason: "InvalidSpec",
        message: "spec.image: image must be set",
        needsPerson: true,
      },
    },
    ready: "False InvalidSpec",
    others: [...unknown, "Stalled=True"],
  },
  {
    name: "something else runs the app",
    given: { executor: external, children: desiredChildren({ app, executor: external, values }) },
    ready: "True ManagedElsewhere",
    others: [],
  },
  {
    name: "a Job that runs",
    given: { app: jobApp },
    ready: "False Running",
    others: ["Reconciling=True"],
  },
  {
    name: "a Job that has completed",
    given: {
      app: jobApp,
      job: {
        metadata: { name: "hello-1" },
        status: { conditions: [condition("Complete", "True", "Done")] },
      },
    },
    ready: "True Completed",
    others: [],
  },
  {
    name: "a Job that has failed",
    given: {
      app: jobApp,
      job: {
        metadata: { name: "hello-1" },
        status: { conditions: [condition("Failed", "True", "Backoff")] },
      },
    },
    ready: "False JobFailed",
    others: ["Stalled=True"],
  },
];

test.each(rows)("appStatus: $name", ({ given: more, ready, others, message }) => {
  const { conditions = [] } = appStatus(given(more));
  const found = conditions.find(({ type }) => type === "Ready");
  expect(`${found?.status} ${found?.reason}`).toBe(ready);
  const rest = conditions.filter(({ type }) => type !== "Ready");
  expect(rest.map(({ type, status }) => `${type}=${status}`).toSorted()).toEqual(others.toSorted());
  expect(found?.message).toBe(message ?? found?.message);
});

test("appStatus tells names, numbers, selector, URL and digest", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const status = appStatus(
    given({
      deployment: deployment(full),
      service: { metadata: { name: "hello" } },
      pods: [pod({ imageID: `registry.example/hello@${digest}` })],
    }),
  );
  expect(status).toMatchObject({
    activeScheduler: "containerd-shim-spin",
    deploymentName: "hello",
    serviceName: "hello",
    url: "http://hello.shop.svc",
    observedGeneration: 3,
    readyReplicas: 2,
    replicas: 2,
    updatedReplicas: 2,
    selector: "core.spinkube.dev/app-name=hello,core.spinkube.dev/app.hello.status=ready",
    image: "registry.example/hello:1",
    imageDigest: digest,
    runtimeConfigSecret: "hello-760b133c",
  });
});

test("the digest is that of the newest version's image", () => {
  const digest = (character: string): string => `sha256:${character.repeat(64)}`;
  const versioned = (hash: string, createdAt: string, imageID = ""): ObservedPod => ({
    ...pod({ imageID: imageID && `registry.example/hello@${imageID}` }),
    metadata: { name: hash, creationTimestamp: createdAt, labels: { "pod-template-hash": hash } },
  });
  const former = versioned("former", "2026-01-02T03:00:00Z", digest("a"));
  const pulling = versioned("newest", "2026-01-02T03:00:02Z");
  const pulled = versioned("newest", "2026-01-02T03:00:01Z", digest("b"));
  expect(appStatus(given({ pods: [former, pulling] })).imageDigest).toBeUndefined();
  expect(appStatus(given({ pods: [former, pulling, pulled] })).imageDigest).toBe(digest("b"));
});

test("the time of a condition changes only with its status", () => {
  const before = [
    condition("Ready", "False", "ImagePullFailed"),
    condition("example.com/Mine", "True", "Kept"),
    condition("Stalled", "True", "Gone"),
  ];
  const previous = { ...app, status: { readyReplicas: 0, conditions: before } };
  const still = appStatus(given({ app: previous }));
  expect(still.conditions?.[0]).toMatchObject({
    status: "False",
    reason: "Starting",
    lastTransitionTime: "2026-01-01T00:00:00Z",
    observedGeneration: 3,
  });
  const flipped = appStatus(given({ app: previous, deployment: deployment(full) }));
  expect(flipped.conditions?.[0]).toMatchObject({
    status: "True",
    lastTransitionTime: "2026-01-02T03:04:05Z",
  });
  expect(flipped.conditions?.map(({ type }) => type)).toEqual(["Ready", "example.com/Mine"]);
});

test("an old pod's problem does not hide the newest one's", () => {
  const old = pod(waiting("ErrImagePull", "old"));
  const newest: ObservedPod = {
    ...pod(waiting("CreateContainerConfigError", "secret not found")),
    metadata: { name: "hello-y", creationTimestamp: "2026-01-02T03:03:00Z" },
  };
  const { conditions } = appStatus(given({ deployment: deployment(partial), pods: [old, newest] }));
  expect(conditions?.[0]).toMatchObject({
    reason: "ConfigurationMissing",
    message: "pod hello-y: container hello: secret not found",
  });
});

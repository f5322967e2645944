import { expect, test } from "vitest";
import type { JobSettings, SpinApp } from "../api/spin-app.ts";
import { desiredChildren } from "./children.ts";
import { builtInExecutor } from "./executor.ts";
import { hasRun } from "./job.ts";
import type { Manifest } from "./manifest.ts";

const values = { configMap: () => undefined, secret: () => undefined };

function app(job: JobSettings, more: Partial<SpinApp> = {}): SpinApp {
  const metadata = { name: "import", namespace: "shop", uid: "u1" };
  return { metadata, spec: { image: "i", executor: "", job, args: ["all"] }, ...more };
}

function workload(of: SpinApp): Manifest {
  const made = desiredChildren({ app: of, executor: builtInExecutor, values }).workload;
  if (made === undefined) throw new TypeError("an app with a job has a workload");
  return made;
}

const first = workload(app({}));

test.each<{ readonly name: string; readonly app: SpinApp; readonly isSame: boolean }>([
  { name: "suspended", app: app({ suspend: true }), isSame: true },
  { name: "with a time to live", app: app({ ttlSecondsAfterFinished: 60 }), isSame: true },
  { name: "with more pods at once", app: app({ parallelism: 2 }), isSame: true },
  { name: "with other retries", app: app({ backoffLimit: 1 }), isSame: true },
  { name: "with a deadline", app: app({ activeDeadlineSeconds: 9 }), isSame: true },
  { name: "with more completions", app: app({ completions: 2 }), isSame: false },
  { name: "restarted in place", app: app({ restartPolicy: "OnFailure" }), isSame: false },
  {
    name: "with another image",
    app: app({}, { spec: { image: "j", executor: "", job: {}, args: ["all"] } }),
    isSame: false,
  },
])("a Job $name: the same one $isSame", ({ app: changed, isSame }) => {
  expect(workload(changed).metadata.name === first.metadata.name).toBe(isSame);
});

const finished = { readyReplicas: 0, finishedJob: first.metadata.name };

test.each<{ readonly name: string; readonly app: SpinApp; readonly expected: boolean }>([
  {
    name: "finished, with a time to live",
    app: app({ ttlSecondsAfterFinished: 0 }, { status: finished }),
    expected: true,
  },
  {
    name: "finished, without: whoever deletes it wants it to run again",
    app: app({}, { status: finished }),
    expected: false,
  },
  {
    name: "another one has finished",
    app: app({ ttlSecondsAfterFinished: 0 }, { status: { ...finished, finishedJob: "import-0" } }),
    expected: false,
  },
  { name: "not finished", app: app({ ttlSecondsAfterFinished: 0 }), expected: false },
])("hasRun: $name", ({ app: given, expected }) => {
  expect(hasRun(given, first)).toBe(expected);
  expect(hasRun(given, { ...first, kind: "CronJob" })).toBe(false);
});

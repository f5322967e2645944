import { describe, expect, test } from "vitest";
import { ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import { emptyJournal, type Journal } from "./journal.ts";
import {
  type ContainerdState,
  type Desired,
  nextRemovalStep,
  nextStep,
  type Observation,
  type RemovalObservation,
} from "./next-step.ts";

const shim = "/opt/whorl/current/bin/containerd-shim-whorl-v1";
const desired: Desired = {
  version: "2.0.0",
  handlers: [{ name: "whorl", shim, servesSandbox: false }],
  fingerprint: "f",
};
const edits = [{ path: "/c", before: "a", after: "b" }];
const running = (...loaded: [string, string][]): ContainerdState => ({
  kind: "running",
  loaded: new Map(loaded),
});
const silent: ContainerdState = { kind: "silent", reason: "no answer" };

const settled: Observation = {
  containerd: running(["whorl", shim]),
  configuration: { kind: "known", edits: [] },
  installed: ["2.0.0"],
  unused: [],
  current: "2.0.0",
  front: { kind: "none" },
  frontStays: false,
  isVerified: true,
  journal: emptyJournal,
  nowMs: 10_000,
};

function changing(restarts: number): Journal {
  return { ...emptyJournal, change: { kind: "changing", backups: [], restarts } };
}

const failed: Journal = {
  ...emptyJournal,
  failure: { fingerprint: "f", message: "it broke", atMs: 9_000 },
};

const cases: readonly [string, Partial<Observation>, string][] = [
  ["all is well", {}, "rest"],
  ["nothing is there", { installed: [], current: undefined }, "install"],
  ["installed, not in use", { current: undefined }, "switch"],
  ["another version in use", { current: "1.0.0", installed: ["1.0.0", "2.0.0"] }, "switch"],
  ["not configured", { configuration: { kind: "known", edits } }, "configure"],
  ["written, not read", { containerd: running(), journal: changing(0) }, "restart"],
  ["not read, by whatever reason", { containerd: running() }, "restart"],
  ["handler of another", { containerd: running(["whorl", "other"]) }, "restart"],
  ["read at last", { journal: changing(1) }, "settle"],
  ["read neither the second time", { containerd: running(), journal: changing(2) }, "take-back"],
  ["silent, and it was us", { containerd: silent, journal: changing(1) }, "take-back"],
  ["silent before our restart", { containerd: silent, journal: changing(0) }, "restart"],
  ["silent, and it was not us", { containerd: silent }, "stop"],
  ["absent", { containerd: { kind: "absent", reason: "none" } }, "stop"],
  ["unsupported", { containerd: { kind: "unsupported", reason: "1.5" } }, "stop"],
  [
    "cannot be changed",
    { configuration: { kind: "refused", error: new ShimError("internal", "no") } },
    "stop",
  ],
  ["an older front", { front: { kind: "running", version: "1.0.0" } }, "upgrade-front"],
  ["a front of elsewhere", { front: { kind: "running", version: undefined } }, "upgrade-front"],
  ["it stays", { front: { kind: "running", version: "1.0.0" }, frontStays: true }, "rest"],
  ["no canary yet", { isVerified: false }, "verify"],
  ["an old version lies about", { unused: ["1.0.0"] }, "clean"],
  ["tried in vain", { journal: failed }, "stop"],
  [
    "tried in vain, taking back was interrupted",
    { journal: { ...failed, change: { kind: "changing", backups: [], restarts: 1 } } },
    "take-back",
  ],
  [
    "tried in vain, the version before is unproved",
    { journal: failed, current: "1.0.0", isVerified: false },
    "verify",
  ],
  [
    "tried in vain, the front is still the new one",
    { journal: failed, current: "1.0.0", front: { kind: "running", version: "2.0.0" } },
    "upgrade-front",
  ],
  ["tried in vain, the version before works", { journal: failed, current: "1.0.0" }, "stop"],
  [
    "tried in vain long ago",
    {
      journal: { ...failed, failure: { fingerprint: "f", message: "", atMs: 0 } },
      nowMs: shimLimits.agent.retryFailureMs + 1,
    },
    "rest",
  ],
  [
    "something else was tried in vain",
    { journal: { ...failed, failure: { fingerprint: "g", message: "", atMs: 9_999 } } },
    "rest",
  ],
];

test.each(cases)("%s", (_name, observed, kind) => {
  expect(nextStep({ ...settled, ...observed }, desired)).toMatchObject({ kind });
});

test("what stops it is said", () => {
  const said = (observed: Partial<Observation>): string => {
    const step = nextStep({ ...settled, ...observed }, desired);
    return "error" in step ? step.error.message : "";
  };
  expect(said({ containerd: silent })).toBe("no answer. Nothing of it was changed by this agent");
  expect(said({ containerd: running(), journal: changing(2) })).toContain(
    "does not know the runtime handler whorl",
  );
  expect(said({ journal: failed })).toBe("it broke");
});

describe("taking a node back", () => {
  const used: RemovalObservation = {
    containerd: running(["whorl", shim], ["runc", "io.containerd.runc.v2"]),
    configuration: { kind: "known", edits: [] },
    pods: [],
    front: { kind: "none" },
    hasFiles: false,
    journal: emptyJournal,
  };
  const gone = running(["runc", "io.containerd.runc.v2"]);
  const steps: readonly [string, Partial<RemovalObservation>, string][] = [
    ["pods run", { pods: ["default/a"] }, "stop"],
    ["still configured", { configuration: { kind: "known", edits } }, "configure"],
    ["still loaded", {}, "restart"],
    ["loaded whatever happens", { journal: changing(2) }, "stop"],
    ["a front runs", { containerd: gone, front: { kind: "running", version: "" } }, "end-front"],
    ["files are left", { containerd: gone, hasFiles: true }, "delete-files"],
    ["nothing is left", { containerd: gone }, "done"],
    ["containerd does not answer", { containerd: silent, hasFiles: true }, "stop"],
    ["nor after our change", { containerd: silent, journal: changing(0) }, "restart"],
    [
      "there is no containerd",
      {
        containerd: { kind: "absent", reason: "none" },
        configuration: { kind: "unknown" },
        hasFiles: true,
      },
      "delete-files",
    ],
  ];

  test.each(steps)("%s", (_name, observed, kind) => {
    const options = { isForced: false, ours: new Set([shim]) };
    expect(nextRemovalStep({ ...used, ...observed }, options)).toMatchObject({ kind });
  });

  test("by force, pods or not; many pods are not all named", () => {
    const pods = Array.from({ length: 8 }, (_, index) => `default/p${index}`);
    const ours = new Set([shim]);
    expect(nextRemovalStep({ ...used, pods }, { isForced: true, ours }).kind).toBe("restart");
    const step = nextRemovalStep({ ...used, pods }, { isForced: false, ours });
    expect(step.kind === "stop" ? step.error.message : "").toMatch(/default\/p4 and 3 more/);
  });
});

import { describe, expect, test } from "vitest";
import { type Lease, type LeaseView, decide, observe, ownedBy, released } from "./lease-state.ts";

const facts = {
  identity: "me",
  durationMs: 15_000,
  nowMs: 100_000,
  date: new Date("2026-01-01T00:00:00Z"),
};

function leaseOf(spec?: Lease["spec"]): Lease {
  const metadata = { namespace: "n", name: "l", uid: "u", resourceVersion: "1" };
  return { metadata, ...(spec === undefined ? {} : { spec }) };
}

const theirs = leaseOf({
  holderIdentity: "other",
  leaseDurationSeconds: 15,
  renewTime: "2026-01-01T00:00:00.000000Z",
  leaseTransitions: 3,
});

function seenAt(lease: Lease | undefined, nowMs: number): LeaseView {
  return observe({ seen: undefined }, lease, nowMs);
}

describe("decide", () => {
  test.each([
    { name: "no Lease", lease: undefined, seenMs: 100_000, kind: "create", transitions: 0 },
    { name: "an empty Lease", lease: leaseOf(), seenMs: 100_000, kind: "write", transitions: 0 },
    {
      name: "a released one",
      lease: leaseOf(released(theirs.spec, facts.date)),
      seenMs: 100_000,
      kind: "write",
      transitions: 4,
    },
    {
      name: "our own",
      lease: leaseOf({ ...theirs.spec, holderIdentity: "me" }),
      seenMs: 0,
      kind: "write",
      transitions: 3,
    },
    {
      name: "another's that has ended",
      lease: theirs,
      seenMs: 85_000,
      kind: "write",
      transitions: 4,
    },
  ])("$name: $kind", ({ lease, seenMs, kind, transitions }) => {
    const decision = decide(seenAt(lease, seenMs), lease, facts);
    expect(decision).toMatchObject({
      kind,
      spec: { holderIdentity: "me", leaseDurationSeconds: 15, leaseTransitions: transitions },
    });
  });

  test.each([
    { name: "just seen", lease: theirs, seenMs: 100_000 },
    { name: "seen not quite its duration ago", lease: theirs, seenMs: 85_001 },
    {
      name: "with a longer duration of its own",
      lease: leaseOf({ ...theirs.spec, leaseDurationSeconds: 60 }),
      seenMs: 41_000,
    },
    {
      name: "renewed by a clock of last year",
      lease: leaseOf({ ...theirs.spec, renewTime: "2025-01-01T00:00:00.000000Z" }),
      seenMs: 100_000,
    },
    {
      name: "without a duration",
      lease: leaseOf({ holderIdentity: "other" }),
      seenMs: 85_001,
    },
  ])("another's, $name: wait", ({ lease, seenMs }) => {
    const decision = decide(seenAt(lease, seenMs), lease, facts);
    expect(decision).toEqual({ kind: "wait", holder: "other" });
  });

  test("a Lease nobody has looked at is not taken", () => {
    expect(decide({ seen: undefined }, theirs, facts).kind).toBe("wait");
  });
});

describe("observe", () => {
  const first = seenAt(theirs, 1000);

  test("the time of the first look stays while nothing changes", () => {
    expect(observe(first, theirs, 9000)).toBe(first);
    // The version also changes when somebody adds a label: that is no renewal.
    const labelled = { ...theirs, metadata: { ...theirs.metadata, resourceVersion: "2" } };
    expect(observe(first, labelled, 9000)).toBe(first);
  });

  test.each([
    {
      name: "renewed",
      lease: leaseOf({ ...theirs.spec, renewTime: "2026-01-01T00:00:02.000000Z" }),
    },
    { name: "with another holder", lease: leaseOf({ ...theirs.spec, holderIdentity: "third" }) },
    { name: "gone", lease: undefined },
    { name: "made anew", lease: { ...theirs, metadata: { ...theirs.metadata, uid: "v" } } },
  ])("$name: the time moves on", ({ lease }) => {
    expect(observe(first, lease, 9000).seen?.atMs).toBe(9000);
  });
});

test("taking over sets acquireTime, renewing keeps it", () => {
  const taken = decide(seenAt(theirs, 0), theirs, facts);
  expect(taken).toMatchObject({ spec: { acquireTime: "2026-01-01T00:00:00.000000Z" } });
  if (taken.kind === "wait") throw new Error("not taken");
  const later = { ...facts, date: new Date("2026-01-01T00:00:02Z") };
  const renewed = decide(seenAt(leaseOf(taken.spec), 0), leaseOf(taken.spec), later);
  expect(renewed).toMatchObject({
    spec: {
      acquireTime: "2026-01-01T00:00:00.000000Z",
      renewTime: "2026-01-01T00:00:02.000000Z",
    },
  });
});

describe("ownedBy", () => {
  const owner = { apiVersion: "apps/v1", kind: "Deployment", name: "o", uid: "d2" };
  const earlier = { ...owner, uid: "d1" };
  const owned = (...ownerReferences: (typeof owner)[]): Lease => {
    return { metadata: { ...leaseOf().metadata, ownerReferences } };
  };

  test.each([
    { name: "nobody", lease: leaseOf(), by: undefined, owners: undefined },
    { name: "the first one", lease: leaseOf(), by: owner, owners: [owner] },
    { name: "the same again", lease: owned(owner), by: owner, owners: [owner] },
    // Garbage collection takes out those that are gone.
    { name: "one after another", lease: owned(earlier), by: owner, owners: [earlier, owner] },
  ])("$name", ({ lease, by, owners }) => {
    expect(ownedBy(lease, by).metadata.ownerReferences).toEqual(owners);
  });
});

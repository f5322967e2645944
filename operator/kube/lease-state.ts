import type { KubeObject, OwnerReference } from "./object.ts";

/** `coordination.k8s.io/v1` Lease, as it is on the wire. */
export interface Lease extends KubeObject {
  readonly spec?: LeaseSpec;
}

export interface LeaseSpec {
  readonly holderIdentity?: string | undefined;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string | undefined;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/**
 * What an elector has seen. Only the local clock counts: times in the Lease are of other machines,
 * and are never compared. A record is believed for its duration from when we first saw it.
 */
export interface LeaseView {
  /** Holder, renewal and version that were seen last; undefined before the first look. */
  readonly seen: { readonly text: string; readonly atMs: number } | undefined;
}

export type LeaseDecision =
  | { readonly kind: "create"; readonly spec: LeaseSpec }
  /** Write this, with the resourceVersion of the Lease that was read. */
  | { readonly kind: "write"; readonly spec: LeaseSpec; readonly lease: Lease }
  /** Somebody else holds it. */
  | { readonly kind: "wait"; readonly holder: string };

export interface LeaseFacts {
  readonly identity: string;
  readonly durationMs: number;
  /** Local, monotonic. */
  readonly nowMs: number;
  /** Wall clock, for those who read the Lease. */
  readonly date: Date;
}

/** The view after a look at the Lease: its time moves on only where the record has changed. */
export function observe(view: LeaseView, lease: Lease | undefined, nowMs: number): LeaseView {
  const text = recordText(lease);
  return view.seen?.text === text ? view : { seen: { text, atMs: nowMs } };
}

/** What to do with the Lease that was just observed. */
export function decide(
  view: LeaseView,
  lease: Lease | undefined,
  facts: LeaseFacts,
): LeaseDecision {
  if (lease === undefined) return { kind: "create", spec: acquired(undefined, facts) };
  const holder = lease.spec?.holderIdentity ?? "";
  if (holder === facts.identity) {
    return { kind: "write", lease, spec: renewed(lease.spec, facts) };
  }
  if (holder !== "" && !hasEnded(view, lease, facts)) return { kind: "wait", holder };
  return { kind: "write", lease, spec: acquired(lease.spec, facts) };
}

/** What the leader writes when it goes: the next one need not wait. */
export function released(spec: LeaseSpec | undefined, date: Date): LeaseSpec {
  return {
    holderIdentity: "",
    leaseDurationSeconds: 1,
    acquireTime: microTime(date),
    renewTime: microTime(date),
    leaseTransitions: spec?.leaseTransitions ?? 0,
  };
}

/** The Lease with one more owner: garbage collection deletes it when all of them are gone. */
export function ownedBy(lease: Lease, owner: OwnerReference | undefined): Lease {
  const owners = lease.metadata.ownerReferences ?? [];
  if (owner === undefined || owners.some(({ uid }) => uid === owner.uid)) return lease;
  return { ...lease, metadata: { ...lease.metadata, ownerReferences: [...owners, owner] } };
}

/** `metav1.MicroTime`. */
export function microTime(date: Date): string {
  return date.toISOString().replace("Z", "000Z");
}

function hasEnded({ seen }: LeaseView, lease: Lease, facts: LeaseFacts): boolean {
  if (seen === undefined) return false;
  const seconds = lease.spec?.leaseDurationSeconds;
  const durationMs = seconds === undefined ? facts.durationMs : seconds * 1000;
  return facts.nowMs - seen.atMs >= durationMs;
}

function acquired(old: LeaseSpec | undefined, facts: LeaseFacts): LeaseSpec {
  const changed = old !== undefined && (old.holderIdentity ?? "") !== facts.identity;
  return {
    holderIdentity: facts.identity,
    leaseDurationSeconds: Math.round(facts.durationMs / 1000),
    acquireTime: microTime(facts.date),
    renewTime: microTime(facts.date),
    leaseTransitions: (old?.leaseTransitions ?? 0) + (changed ? 1 : 0),
  };
}

function renewed(old: LeaseSpec | undefined, facts: LeaseFacts): LeaseSpec {
  return { ...acquired(old, facts), acquireTime: old?.acquireTime ?? microTime(facts.date) };
}

function recordText(lease: Lease | undefined): string {
  const { holderIdentity, renewTime, acquireTime, leaseTransitions } = lease?.spec ?? {};
  return JSON.stringify([
    lease?.metadata.uid,
    holderIdentity,
    renewTime,
    acquireTime,
    leaseTransitions,
  ]);
}

import type { ComponentCounts, UsageSnapshot } from "./usage-snapshot.ts";

/** The snapshot with one row for each app, whose components are summed; `component` is `""`. */
export function byApp(snapshot: UsageSnapshot): UsageSnapshot {
  const apps = new Map<string, ComponentCounts>();
  for (const each of snapshot.components) {
    const sum = apps.get(each.app);
    apps.set(each.app, sum === undefined ? { ...each, component: "" } : added(sum, each));
  }
  return { ...snapshot, components: [...apps.values()] };
}

/** All components of a snapshot as one; undefined without any. */
export function total(snapshot: UsageSnapshot): ComponentCounts | undefined {
  const [first, ...others] = snapshot.components;
  if (first === undefined) return undefined;
  return others.reduce(added, { ...first, app: "", component: "" });
}

function added(a: ComponentCounts, b: ComponentCounts): ComponentCounts {
  return {
    app: a.app,
    component: a.component,
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    coldStarts: a.coldStarts + b.coldStarts,
    inFlight: a.inFlight + b.inFlight,
    limitHits: a.limitHits + b.limitHits,
    durationCounts: addedCounts(a.durationCounts, b.durationCounts),
    memoryBytes: known(a.memoryBytes, b.memoryBytes),
    memoryLimitBytes: known(a.memoryLimitBytes, b.memoryLimitBytes),
    cpuSeconds: known(a.cpuSeconds, b.cpuSeconds),
    busyInstances: known(a.busyInstances, b.busyInstances),
    idleInstances: known(a.idleInstances, b.idleInstances),
  };
}

function addedCounts(a: readonly number[], b: readonly number[]): readonly number[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  return a.map((count, at) => count + (b[at] ?? 0));
}

function known(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : a + (b ?? 0);
}

/** A worker as far as the choice between them needs to know it. */
export interface PlaceableWorker {
  /** Whether the app is loaded there, or is being loaded. */
  hasLoaded(app: string): boolean;
  /** Open connections of each app; those without an app count under "". */
  readonly connections: ReadonlyMap<string, number>;
  /** Of all apps. */
  readonly connectionCount: number;
  /** Whether its guest may be using the thread for itself. */
  isSilent(): boolean;
}

export interface PlacementRules {
  /** Workers that one app may have at the same time. */
  readonly workersPerAppMax: number;
  /** An app with so many connections on each of its workers gets another one. */
  readonly spreadAt: number;
  /** Whether another worker may be started. */
  readonly canGrow: boolean;
}

/**
 * Chooses who gets a connection: as long as there are enough workers, no two apps that are in use
 * share one, so that it is the kernel that divides the processors between apps. Undefined where a
 * new worker has to be started.
 */
export function placeConnection<W extends PlaceableWorker>(
  app: string,
  workers: readonly W[],
  rules: PlacementRules,
): W | undefined {
  const own = workers.filter((worker) => (worker.connections.get(app) ?? 0) > 0);
  const undisturbed = own.filter((worker) => isOnlyFor(app, worker) && !worker.isSilent());
  const best = least(undisturbed, (worker) => worker.connections.get(app) ?? 0);
  if (best !== undefined && (best.connections.get(app) ?? 0) < rules.spreadAt) return best;
  if (best === undefined || own.length < rules.workersPerAppMax) {
    const idle = workers.filter((worker) => worker.connectionCount === 0 && !worker.isSilent());
    const free = idle.find((worker) => worker.hasLoaded(app)) ?? idle[0];
    if (free !== undefined) return free;
    if (rules.canGrow) return undefined;
  }
  return best ?? leastBusy(app, own.length < rules.workersPerAppMax ? workers : own);
}

function isOnlyFor(app: string, { connections, connectionCount }: PlaceableWorker): boolean {
  return (connections.get(app) ?? 0) === connectionCount;
}

/** All of them have other apps: one that is not stuck, with few connections, best with the app. */
function leastBusy<W extends PlaceableWorker>(app: string, workers: readonly W[]): W | undefined {
  const silentWeight = 1_000_000;
  return least(
    workers,
    (worker) =>
      worker.connectionCount * 2 +
      (worker.hasLoaded(app) ? 0 : 1) +
      (worker.isSilent() ? silentWeight : 0),
  );
}

function least<W>(items: readonly W[], weight: (item: W) => number): W | undefined {
  let found: W | undefined;
  let smallest = Infinity;
  for (const item of items) {
    const its = weight(item);
    if (its >= smallest) continue;
    smallest = its;
    found = item;
  }
  return found;
}

import type { HostedApp, ToWorker } from "./protocol.ts";
import type { ResidentApps } from "./resident-apps.ts";
import { residentBytes } from "./resident-bytes.ts";

/** A worker as far as its memory is counted. */
export interface ResidentWorker {
  readonly index: number;
  /** Open connections of each app. */
  readonly connections: ReadonlyMap<string, number>;
  hasLoaded(app: string): boolean;
  tell(message: ToWorker): void;
}

/**
 * Counts an app that a worker has loaded, and has others unloaded where all take too much together.
 * Never rejects.
 */
export async function countResident<W extends ResidentWorker>(
  residents: ResidentApps<W>,
  {
    worker,
    hosted: { name, app },
    workers,
  }: { readonly worker: W; readonly hosted: HostedApp; readonly workers: readonly W[] },
): Promise<void> {
  const bytes = await residentBytes(app);
  // Removed meanwhile, or given back, or gone with its worker.
  if (!worker.hasLoaded(name) || !workers.includes(worker)) return;
  residents.add({ worker, app: name, bytes });
  for (const unused of residents.evict((each) => each.worker.connections.has(each.app))) {
    unused.worker.tell({ kind: "unload", name: unused.app });
  }
}

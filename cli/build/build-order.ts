/** One component to build and what it waits for. */
export interface OrderedStep {
  readonly id: string;
  /** Commands of the same directory write the same files: they run one after the other. */
  readonly workdir: string;
  /** Ids that have to be built before; those that are not built are no reason to wait. */
  readonly after: readonly string[];
}

/**
 * For each step the ids of the steps that it has to wait for: what it depends on, and the last one
 * before it in the same directory. A circle of dependencies is broken where it closes, so that
 * what has a result from an earlier build can be built.
 */
export function buildOrder(steps: readonly OrderedStep[]): ReadonlyMap<string, readonly string[]> {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const order = new Map<string, readonly string[]>();
  const entered = new Set<string>();
  const lastOfWorkdir = new Map<string, string>();
  const visit = (step: OrderedStep): void => {
    if (entered.has(step.id)) return;
    entered.add(step.id);
    const before = new Set<string>();
    for (const id of step.after) {
      const dependency = byId.get(id);
      if (dependency === undefined) continue;
      visit(dependency);
      // Not in the order yet: this is where a circle closes.
      if (order.has(id)) before.add(id);
    }
    const neighbour = lastOfWorkdir.get(step.workdir);
    if (neighbour !== undefined) before.add(neighbour);
    lastOfWorkdir.set(step.workdir, step.id);
    order.set(step.id, [...before]);
  };
  for (const step of steps) visit(step);
  return order;
}

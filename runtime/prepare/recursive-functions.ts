/** What the bodies of a module call, by index of the body. */
export interface BodyCalls {
  /** Indices in the module's function space, imported functions included. */
  readonly calls: readonly number[];
  /** It calls functions that are not known before. */
  readonly callsUnknown: boolean;
}

/**
 * Bodies of which one is entered again and again by every recursion: the graph of calls without
 * them has no cycle. What a body calls outside of the module, or by reference, may call anything.
 */
export function recursiveBodies(
  bodies: readonly BodyCalls[],
  importedFunctions: number,
): ReadonlySet<number> {
  const cut = new Set<number>();
  for (const [index, { calls, callsUnknown }] of bodies.entries()) {
    if (callsUnknown || calls.some((callee) => callee < importedFunctions)) cut.add(index);
  }
  const callees = bodies.map(({ calls }) => calls.map((callee) => callee - importedFunctions));
  cutCycles(callees, cut);
  return cut;
}

const unseen = 0;
const open = 1;
const done = 2;

/** Adds the target of every edge that leads back to a body on the path to it. */
function cutCycles(callees: readonly (readonly number[])[], cut: Set<number>): void {
  const states = new Uint8Array(callees.length);
  const path: { readonly body: number; next: number }[] = [];
  const visit = (body: number): void => {
    states[body] = open;
    path.push({ body, next: 0 });
  };
  for (const root of callees.keys()) {
    if (states[root] !== unseen || cut.has(root)) continue;
    visit(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const callee = callees[top.body]?.[top.next++];
      if (callee === undefined) {
        states[top.body] = done;
        path.pop();
      } else if (!cut.has(callee)) {
        if (states[callee] === open) cut.add(callee);
        else if (states[callee] === unseen) visit(callee);
      }
    }
  }
}

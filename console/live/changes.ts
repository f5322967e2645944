import { useLayoutEffect, useReducer } from "preact/hooks";

/** Something that changes and tells who looks. Changes come in bursts: one notice per frame. */
export class Changes {
  readonly #listeners = new Set<() => void>();
  #isTold = true;

  /** Who looks is told soon, once for all changes until then. */
  protected changed(): void {
    if (!this.#isTold) return;
    this.#isTold = false;
    requestAnimationFrame(() => {
      this.#isTold = true;
      for (const listener of this.#listeners) listener();
    });
  }

  /** @returns what ends it. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

/** Draws the component again whenever the thing has changed. */
export function useChanges(source: Changes): void {
  const [, redraw] = useReducer((count: number, _event: undefined) => count + 1, 0);
  // Before anything else can happen: a change after the drawing would never be seen.
  useLayoutEffect(() => source.subscribe(() => redraw(undefined)), [source]);
}

/** An app that has ended so many workers while it was loaded is not loaded beforehand any more. */
const lossesMax = 2;

/** Apps that are to be loaded before anybody asks: one after the other, so that requests go first. */
export class PreloadQueue {
  readonly #load: (name: string) => boolean;
  readonly #waiting = new Set<string>();
  /** Apps whose loading has ended a worker, and how often. */
  readonly #losses = new Map<string, number>();
  #current: string | undefined;
  #empty: PromiseWithResolvers<void> | undefined;

  /** `load` begins to load an app, or returns false where there is nothing to do. */
  constructor(load: (name: string) => boolean) {
    this.#load = load;
  }

  add(name: string): void {
    this.#waiting.add(name);
    this.#next();
  }

  remove(name: string): void {
    this.#waiting.delete(name);
    this.#losses.delete(name);
    this.done(name);
  }

  /** The worker that had these apps is gone. What ends workers again and again waits to be asked. */
  lost(names: readonly string[]): void {
    for (const name of names) {
      const losses = (this.#losses.get(name) ?? 0) + (name === this.#current ? 1 : 0);
      if (losses > 0) this.#losses.set(name, losses);
      if (losses < lossesMax) this.#waiting.add(name);
    }
    if (this.#current !== undefined && names.includes(this.#current)) this.#current = undefined;
    this.#next();
  }

  /** It is loaded, or cannot be. */
  done(name: string): void {
    if (this.#current !== name) return;
    this.#current = undefined;
    this.#next();
  }

  /** Settles when there is nothing left to load. */
  async empty(): Promise<void> {
    if (this.#current === undefined && this.#waiting.size === 0) return;
    await (this.#empty ??= Promise.withResolvers<void>()).promise;
  }

  clear(): void {
    this.#waiting.clear();
    this.#current = undefined;
    this.#finish();
  }

  #next(): void {
    while (this.#current === undefined) {
      const [name] = this.#waiting;
      if (name === undefined) {
        this.#finish();
        return;
      }
      this.#waiting.delete(name);
      if (this.#load(name)) this.#current = name;
    }
  }

  #finish(): void {
    this.#empty?.resolve();
    this.#empty = undefined;
  }
}

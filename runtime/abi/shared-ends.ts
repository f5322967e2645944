import type { Store } from "./store.ts";

/** Facts about what a stream or future carries. */
export interface ElementKind {
  /** The same for equal types of one component. */
  readonly key: string;
  readonly isBytes: boolean;
  /** Nothing, or a number: copied also between two ends in one component instance. */
  readonly isNumeric: boolean;
  /** Items that are on the host at once while they are copied; bytes never are. */
  readonly copyItemsMax: number;
}

/** What streams and futures have in common: whether their readable end is outside of guests. */
export abstract class SharedEnds {
  readonly kind: ElementKind;
  readonly store: Store;
  /** The life of the store in which that began; undefined while a guest has it. */
  #outsideSince: number | undefined;

  constructor(store: Store, kind: ElementKind) {
    this.store = store;
    this.kind = kind;
  }

  /** One of the ends is gone. */
  abstract close(): void;

  /** The readable end has left its guest. */
  moveOut(): void {
    if (this.#outsideSince !== undefined) return;
    this.#outsideSince = this.store.life;
    this.store.outside++;
  }

  /** The readable end goes into a guest. */
  moveIn(): void {
    if (this.#outsideSince === this.store.life) this.store.outside--;
    this.#outsideSince = undefined;
  }

  drop(): void {
    this.moveIn();
    this.close();
    this.store.wake();
  }

  [Symbol.dispose](): void {
    this.drop();
  }
}

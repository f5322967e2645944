/** What can be in one {@link LinkedList}, which keeps these. */
export interface Linked<T> {
  before: T | undefined;
  after: T | undefined;
}

/**
 * What is under way, in order of its beginning, each added and deleted once a call. Unlike those of a
 * Set, its places go with what was in them. Each time a Set has seen some come and go it takes another
 * table, and the one before, garbage by then, leads to it with all that was in it: once one of them
 * is old, V8 takes everything that was under way since for as lasting, and has to look through all
 * of its memory several times a second.
 */
export class LinkedList<T extends Linked<T>> {
  #first: T | undefined;
  #last: T | undefined;

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** `item` is in no list. */
  add(item: T): void {
    item.before = this.#last;
    if (this.#last === undefined) this.#first = item;
    else this.#last.after = item;
    this.#last = item;
  }

  /** Does nothing for what is in no list. */
  delete(item: T): void {
    const { before, after } = item;
    if (before !== undefined) before.after = after;
    else if (this.#first === item) this.#first = after;
    else return;
    if (after === undefined) this.#last = before;
    else after.before = before;
    item.before = undefined;
    item.after = undefined;
  }

  clear(): void {
    for (const item of this) this.delete(item);
  }

  /** The item at hand may be deleted; where the next one is, the iteration ends with the item. */
  *[Symbol.iterator](): Iterator<T, undefined> {
    let item = this.#first;
    while (item !== undefined) {
      const { after } = item;
      yield item;
      item = after;
    }
  }
}

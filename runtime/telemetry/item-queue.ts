/** Takes what is to be exported, as far as there is room; what it refuses it counts. */
export interface ItemQueue<T> {
  /** Whether so many more would be taken now. */
  hasRoom(items: number): boolean;
  /** `weight` is how many of what is counted are in it. */
  push(item: T, weight?: number): boolean;
  /** Counts what was not even made because there was no room. */
  drop(items: number): void;
}

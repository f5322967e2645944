/** Takes what is to be exported, as far as there is room; what it refuses it counts. */
export interface ItemQueue<T> {
  /** Whether so many more would be taken now. */
  hasRoom(items: number): boolean;
  push(item: T): boolean;
  /** Counts what was not even made because there was no room. */
  drop(items: number): void;
}

/**
 * wasi:io/poll's resource: something that becomes ready. One object serves any number of polls.
 */
export interface Pollable {
  /** True when the event has happened; cheap, no side effect. */
  isReady(): boolean;
  /** Settles when {@link isReady} may have become true. Never rejects. */
  wait(): Promise<void>;
}

/** Ready from the start. */
export const readyPollable: Pollable = {
  isReady: () => true,
  wait: () => Promise.resolve(),
};

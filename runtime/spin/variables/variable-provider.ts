import type { Awaitable } from "../key-value/key-value-store.ts";

/** A place that values of app variables come from. */
export interface VariableProvider {
  /**
   * The value, undefined where this provider has none and the next one is to be asked. What goes
   * wrong is thrown, as an Error whose message is shown to the guest; its cause is for the log.
   */
  get(name: string): Awaitable<string | undefined>;
  /** Whether it may have a value, as far as can be told without asking a distant service. */
  mayHave(name: string): Awaitable<boolean>;
}

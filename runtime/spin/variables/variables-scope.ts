import type { Result } from "../../instance/host-interface.ts";
import type { Awaitable } from "../key-value/key-value-store.ts";

/** `error` of fermyon:spin/variables@2.0.0 and spin:variables/variables@3.0.0. */
export interface VariablesError {
  readonly tag: "invalid-name" | "undefined" | "provider" | "other";
  readonly val: string;
}

export type VariablesResult<T> = Result<T, VariablesError>;

/** The variables of one component; the same for all its instances. */
export interface VariablesContext {
  /** Resolved anew with each call, so that a changed secret is seen. */
  get(name: string): Awaitable<VariablesResult<string>>;
  /** All variables of the component with their values. */
  getAll(): Awaitable<VariablesResult<[string, string][]>>;
}

/** What the variables interfaces need of an instance's context. */
export interface VariablesScope {
  readonly variables: VariablesContext;
}

import { err, type HostInterface, ok, type Result } from "../../instance/host-interface.ts";
import type { Awaitable } from "../key-value/key-value-store.ts";
import type { VariablesError, VariablesScope } from "../variables/variables-scope.ts";

/** `error` of wasi:config/store. */
interface StoreError {
  readonly tag: "upstream" | "io";
  readonly val: string;
}

function get(
  { variables }: VariablesScope,
  key: string,
): Awaitable<Result<string | undefined, StoreError>> {
  const answer = variables.get(key);
  return answer instanceof Promise ? answer.then(optionalValue) : optionalValue(answer);
}

/** A key that cannot be one is a key that is not there. */
function optionalValue(
  result: Result<string, VariablesError>,
): Result<string | undefined, StoreError> {
  if (result.tag === "ok") return result;
  const { tag } = result.val;
  if (tag === "undefined" || tag === "invalid-name") return ok(undefined);
  return err(storeError(result.val));
}

function getAll({ variables }: VariablesScope): Awaitable<Result<[string, string][], StoreError>> {
  const answer = variables.getAll();
  return answer instanceof Promise ? answer.then(allValues) : allValues(answer);
}

function allValues(
  result: Result<[string, string][], VariablesError>,
): Result<[string, string][], StoreError> {
  return result.tag === "ok" ? result : err(storeError(result.val));
}

function storeError({ tag, val }: VariablesError): StoreError {
  return { tag: tag === "provider" ? "upstream" : "io", val };
}

/** wasi:config/store. */
export const configStore: HostInterface<VariablesScope> = {
  name: "wasi:config/store",
  version: "0.2.0-draft-2024-09-27",
  functions: { get, "get-all": getAll },
  suspending: new Set(["get", "get-all"]),
  resources: {},
};

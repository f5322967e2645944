import { err, type HostInterface, type Result } from "../../instance/host-interface.ts";
import type { Awaitable } from "../key-value/key-value-store.ts";
import type { VariablesError, VariablesScope } from "./variables-scope.ts";

/** `error` of fermyon:spin/config. */
interface ConfigError {
  readonly tag: "provider" | "invalid-key" | "invalid-schema" | "other";
  readonly val: string;
}

function getConfig(
  { variables }: VariablesScope,
  key: string,
): Awaitable<Result<string, ConfigError>> {
  const answer = variables.get(key);
  return answer instanceof Promise ? answer.then(configResult) : configResult(answer);
}

/** Spin puts the newer error's name before what has no case of its own. */
function configResult(result: Result<string, VariablesError>): Result<string, ConfigError> {
  if (result.tag === "ok") return result;
  const { tag, val } = result.val;
  switch (tag) {
    case "invalid-name":
      return err<ConfigError>({ tag: "invalid-key", val });
    case "undefined":
      return err<ConfigError>({ tag: "provider", val });
    case "provider":
      return err<ConfigError>({ tag: "other", val: `Error::Provider(${JSON.stringify(val)})` });
    case "other":
      return err<ConfigError>({ tag: "other", val: `Error::Other(${JSON.stringify(val)})` });
  }
}

/** fermyon:spin/config, without a version (Spin 1). */
export const config: HostInterface<VariablesScope> = {
  name: "fermyon:spin/config",
  version: undefined,
  functions: { "get-config": getConfig },
  suspending: new Set(["get-config"]),
  resources: {},
};

import type { HostInterface, Result } from "../../instance/host-interface.ts";
import type { Awaitable } from "../key-value/key-value-store.ts";
import type { VariablesError, VariablesScope } from "./variables-scope.ts";

function get(
  { variables }: VariablesScope,
  name: string,
): Awaitable<Result<string, VariablesError>> {
  return variables.get(name);
}

const common = { functions: { get }, suspending: new Set(["get"]), resources: {} } as const;

/** fermyon:spin/variables@2.0.0. */
export const variablesV2: HostInterface<VariablesScope> = {
  ...common,
  name: "fermyon:spin/variables",
  version: "2.0.0",
};

/** spin:variables/variables@3.0.0: the same, async. */
export const variablesV3: HostInterface<VariablesScope> = {
  ...common,
  name: "spin:variables/variables",
  version: "3.0.0",
};

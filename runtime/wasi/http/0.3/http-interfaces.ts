import { ok } from "../../../instance/host-interface.ts";
import type { HostFunction, HostInterface, Result } from "../../../instance/host-interface.ts";
import { final03 } from "../../release-candidate.ts";
import type { WasiContext } from "../../context.ts";
import { fieldsFunctions, type HeaderError } from "../fields.ts";
import type { Fields } from "../fields.ts";
import { send } from "./client.ts";
import { requestOptionsFunctions03 } from "./request-options.ts";
import { requestFunctions03 } from "./request.ts";
import { responseFunctions03 } from "./response.ts";

type Context = WasiContext;

/** Of 0.2 without `entries`. */
const { "[method]fields.entries": copyAll, ...fieldsOf02 } = fieldsFunctions;

function getAndDelete(
  _: Context,
  self: Fields,
  name: string,
): Result<readonly Uint8Array[], HeaderError> {
  const values = self.get(name);
  const deleted = self.delete(name);
  return deleted.tag === "ok" ? ok(values) : deleted;
}

const fieldsFunctions03: Readonly<Record<string, HostFunction<WasiContext>>> = {
  ...fieldsOf02,
  "[method]fields.copy-all": copyAll as HostFunction<WasiContext>,
  "[method]fields.get-and-delete": getAndDelete,
};

/** For representations that know what their drop means. */
function drop(_: WasiContext, representation: object): void {
  (representation as { drop(): void }).drop();
}

/** wasi:http@0.3. */
export const httpInterfaces03: readonly HostInterface<WasiContext>[] = [
  {
    name: "wasi:http/types",
    version: final03,
    functions: {
      ...fieldsFunctions03,
      ...requestFunctions03,
      ...requestOptionsFunctions03,
      ...responseFunctions03,
    },
    suspending: new Set(),
    resources: {
      fields: {},
      request: { drop },
      "request-options": {},
      response: { drop },
    },
  },
  {
    name: "wasi:http/client",
    version: final03,
    functions: { send },
    suspending: new Set(),
    resources: {},
  },
];

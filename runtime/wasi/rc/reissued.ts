import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";

/** How an interface of a release candidate differs from the released one. */
export interface Changes {
  /** Functions that the released interface lacks or that behave differently. */
  readonly functions?: HostInterface<WasiContext>["functions"];
  /** Those of `functions` that may return a Promise. */
  readonly suspending?: readonly string[];
  /** Resources that are elsewhere in the released version. */
  readonly resources?: HostInterface<WasiContext>["resources"];
}

/**
 * The interfaces of a release candidate: the released ones under its version, with changes by the
 * interface's name. What a candidate does not have yet may stay: no component of its time asks.
 */
export function reissued(
  released: readonly HostInterface<WasiContext>[],
  version: string,
  changes: Readonly<Record<string, Changes>>,
): readonly HostInterface<WasiContext>[] {
  return released.map((base) => changed(base, version, changes[base.name] ?? {}));
}

function changed(
  base: HostInterface<WasiContext>,
  version: string,
  changes: Changes,
): HostInterface<WasiContext> {
  return {
    name: base.name,
    version,
    functions: { ...base.functions, ...changes.functions },
    suspending: new Set([...base.suspending, ...(changes.suspending ?? [])]),
    resources: { ...base.resources, ...changes.resources },
  };
}

import { err } from "../../instance/host-interface.ts";
import type { HostFunction } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";

/** Functions of a candidate that no release has taken over: each answers with `error`. */
export function takenBack(
  error: "unsupported" | "not-supported",
  names: readonly string[],
): Readonly<Record<string, HostFunction<WasiContext>>> {
  const answer = (): unknown => err(error);
  return Object.fromEntries(names.map((name) => [name, answer]));
}

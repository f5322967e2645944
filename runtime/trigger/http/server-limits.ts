import { limits } from "../../limits.ts";

/** The bounds of a listener; each one is described in limits.ts. */
export type ServerLimits = Readonly<Record<ServerLimit, number>>;

type ServerLimit =
  | "headersBytesMax"
  | "requestHeadMsMax"
  | "refusalMsMax"
  | "connectionIdleMsMax"
  | "connectionsMax"
  | "shutdownMsMax";

/** The given bounds, and those of limits.ts for the rest. */
export function serverLimits(given: Partial<ServerLimits> = {}): ServerLimits {
  return { ...limits, ...given };
}

import type { Preopen } from "../../runtime/wasi/context.ts";
import { ShimError } from "../error.ts";

type Environment = readonly (readonly [string, string])[];

/** An entry of the variable: a volume of the container, and what guests call it. */
interface GuestMount {
  readonly path: string;
  readonly guest: string;
  readonly readOnly?: boolean;
  readonly components?: readonly string[];
}

const variable = "WHORL_GUEST_MOUNTS";

/**
 * The container's volumes as its environment wants guests to see them: under other paths, or only
 * for reading. What it does not name stays as it is.
 * @throws ShimError `invalid_argument` for anything but a list of such wishes, and for volumes that
 *   guests cannot see; `unimplemented` for one that only some components shall see
 */
export function guestMounts(
  volumes: readonly Preopen[],
  environment: Environment,
): readonly Preopen[] {
  const text = environment.findLast(([name]) => name === variable)?.[1] ?? "";
  if (text === "") return volumes;
  const wishes = parse(text);
  const named = wishes.map(({ path, guest, readOnly, components }) => {
    const volume = volumes.find(({ guestPath }) => guestPath === path);
    if (volume === undefined) {
      throw new ShimError("invalid_argument", `${variable}: no volume is mounted at ${path}`);
    }
    if (components !== undefined) {
      throw new ShimError("unimplemented", `${variable}: all components see ${path}, or none`);
    }
    return { ...volume, guestPath: guest, writable: volume.writable && readOnly !== true };
  });
  const rest = volumes.filter(({ guestPath }) => wishes.every(({ path }) => path !== guestPath));
  return [...named, ...rest];
}

function parse(text: string): readonly GuestMount[] {
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.every(isGuestMount)) return list;
  } catch {
    // The same message as for JSON that is something else.
  }
  throw new ShimError("invalid_argument", `${variable} is no list of {path, guest}: ${text}`);
}

function isGuestMount(value: unknown): value is GuestMount {
  if (typeof value !== "object" || value === null) return false;
  const { path, guest } = value as Record<string, unknown>;
  return typeof path === "string" && typeof guest === "string" && guest.startsWith("/");
}

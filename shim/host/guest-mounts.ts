import type { Mount, Preopen } from "../../runtime/wasi/context.ts";
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
 * The container's volumes as its environment wants guests to see them: under other paths, only for
 * reading, or only by some of the app's components (`ids`). What it does not name stays as it is.
 * @throws ShimError `invalid_argument` for anything but a list of such wishes, for volumes that
 *   guests cannot see, and for components that the app does not have
 */
export function guestMounts(
  volumes: readonly Preopen[],
  environment: Environment,
  ids: readonly string[],
): readonly Mount[] {
  const text = environment.findLast(([name]) => name === variable)?.[1] ?? "";
  if (text === "") return volumes;
  const wishes = parse(text);
  const named = wishes.map(({ path, guest, readOnly, components }) => {
    const volume = volumes.find(({ guestPath }) => isSame(guestPath, path));
    if (volume === undefined) {
      throw new ShimError("invalid_argument", `${variable}: no volume is mounted at ${path}`);
    }
    const unknown = components?.find((id) => !ids.includes(id));
    if (unknown !== undefined) {
      throw new ShimError(
        "invalid_argument",
        `${variable}: the app has no component ${unknown} to see ${path}, but ${ids.join(", ")}`,
      );
    }
    const writable = volume.writable && readOnly !== true;
    return {
      ...volume,
      guestPath: guest,
      writable,
      ...(components !== undefined && { components }),
    };
  });
  const rest = volumes.filter(
    ({ guestPath }) => !wishes.some(({ path }) => isSame(path, guestPath)),
  );
  return [...named, ...rest];
}

/** `/data/` is the folder `/data`. */
function isSame(left: string, right: string): boolean {
  return left.replace(/\/+$/, "") === right.replace(/\/+$/, "");
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
  const { path, guest, components } = value as Record<string, unknown>;
  const isList = components === undefined || Array.isArray(components);
  return isList && typeof path === "string" && typeof guest === "string" && guest.startsWith("/");
}

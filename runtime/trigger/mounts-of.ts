import type { Mount } from "../wasi/context.ts";

/** The mounts of an app that one of its components sees. */
export function mountsOf(component: string, mounts: readonly Mount[]): readonly Mount[] {
  return mounts.filter(({ components }) => components?.includes(component) !== false);
}

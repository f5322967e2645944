import type { WasiContext } from "../context.ts";
import { types } from "../filesystem/types.ts";
import type { Changes } from "./reissued.ts";
import { takenBack } from "./taken-back.ts";

const openAt = types.functions["[method]descriptor.open-at"];

/** The candidate's last parameter, the permissions of a file that is made, has no use here. */
function openAtWithModes(
  context: WasiContext,
  ...[self, pathFlags, path, openFlags, flags]: readonly unknown[]
): unknown {
  return openAt?.(context, self, pathFlags, path, openFlags, flags);
}

/** wasi:filesystem/types 0.2.0-rc-2023-10-18, as it differs from 0.2. */
export const filesystemTypes20231018: Changes = {
  functions: {
    ...takenBack("unsupported", [
      "[method]descriptor.access-at",
      "[method]descriptor.change-file-permissions-at",
      "[method]descriptor.change-directory-permissions-at",
      "[method]descriptor.lock-shared",
      "[method]descriptor.lock-exclusive",
      "[method]descriptor.try-lock-shared",
      "[method]descriptor.try-lock-exclusive",
      "[method]descriptor.unlock",
    ]),
    "[method]descriptor.open-at": openAtWithModes,
  },
};

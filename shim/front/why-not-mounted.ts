import type { RootfsMount } from "./app-in-rootfs.ts";
import type { ContainerSpec } from "./container-spec.ts";

/**
 * Why a Wasm container cannot be given its files as the pod wants them, for its log; undefined if
 * it can. Guests would see files of users that their pod has no part in.
 */
export function whyNotMounted({
  spec,
  rootfs,
}: {
  readonly spec: Pick<ContainerSpec, "mounts">;
  readonly rootfs: readonly RootfsMount[];
}): string | undefined {
  const volume = spec.mounts.find(({ isMapped }) => isMapped === true);
  const isRootMapped = rootfs.some(({ options }) =>
    options.some((each) => /^[ug]idmap=/.test(each)),
  );
  if (volume === undefined && !isRootMapped) return undefined;
  const what = volume === undefined ? "its file system" : `volume ${volume.destination}`;
  return (
    `${what} is to be seen under other users (a user namespace), which a Wasm container cannot: ` +
    `it has a user of its own without; set hostUsers: true`
  );
}

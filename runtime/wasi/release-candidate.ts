import type { HostInterface } from "../instance/host-interface.ts";

/** The final version of WASI 0.3 that is implemented. */
export const final03 = "0.3.0";

/** The release candidate that Spin 4.0 uses; it differs from the final version in nothing here. */
const candidate = "0.3.0-rc-2026-03-15";

/** The interfaces under their final version and under that of the release candidate. */
export function withCandidate<C>(interfaces: readonly HostInterface<C>[]): HostInterface<C>[] {
  return interfaces.flatMap((each) => [each, { ...each, version: candidate }]);
}

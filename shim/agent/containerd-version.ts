import { ShimError } from "../error.ts";

/** Version of a running containerd. */
export interface ContainerdVersion {
  readonly major: number;
  readonly minor: number;
}

/**
 * Reads what containerd says of itself (`v2.1.9`, `1.7.29+unknown`, `v2.2.1-k3s1`).
 * @throws ShimError `unimplemented` for other runtimes and for releases before 1.6, which cannot
 *   start a shim of this kind
 */
export function parseContainerdVersion(name: string, text: string): ContainerdVersion {
  if (name !== "containerd") {
    throw new ShimError(
      "unimplemented",
      `this node runs ${name} ${text}: Whorl needs containerd 1.6 or newer`,
    );
  }
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(text) ?? [];
  const version = { major: Number(major ?? 0), minor: Number(minor ?? 0) };
  if (version.major > 1 || (version.major === 1 && version.minor >= 6)) return version;
  throw new ShimError(
    "unimplemented",
    `this node runs containerd ${text}: Whorl needs 1.6 or newer; update containerd`,
  );
}

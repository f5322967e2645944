/** `wasi:io/streams@0.2.3` taken apart. */
export interface InterfaceName {
  /** `wasi:io/streams`. */
  readonly name: string;
  /** `0.2.3`; undefined when there is none. */
  readonly version: string | undefined;
}

export function parseInterfaceName(text: string): InterfaceName {
  const at = text.indexOf("@");
  if (at < 0) return { name: text, version: undefined };
  return { name: text.slice(0, at), version: text.slice(at + 1) };
}

/**
 * The versions that can stand in for each other, as one key: `0.2` for 0.2.0 to 0.2.N, `1` for
 * 1.x; a pre-release only for itself (the semver rule of component linkers).
 */
export function versionTrack(version: string): string {
  if (version.includes("-")) return version;
  const [major = "0", minor = "0", patch = "0"] = version.split("+")[0]?.split(".") ?? [];
  if (major !== "0") return major;
  return minor === "0" ? `0.0.${patch}` : `0.${minor}`;
}

/** Key under which interfaces of compatible versions are found. */
export function interfaceKey({ name, version }: InterfaceName): string {
  return version === undefined ? name : `${name}@${versionTrack(version)}`;
}

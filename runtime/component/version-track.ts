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

/** An interface name with its version's track: equal for those that can stand in for each other. */
export function interfaceTrack(name: string): string {
  const at = name.indexOf("@");
  return at < 0 ? name : `${name.slice(0, at)}@${versionTrack(name.slice(at + 1))}`;
}

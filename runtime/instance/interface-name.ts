import { versionTrack } from "../component/version-track.ts";

export { versionTrack };

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

/** Key under which interfaces of compatible versions are found. */
export function interfaceKey({ name, version }: InterfaceName): string {
  return version === undefined ? name : `${name}@${versionTrack(version)}`;
}

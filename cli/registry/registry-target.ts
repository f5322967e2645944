import { WhorlError } from "../../runtime/error.ts";
import { parseReference } from "../../runtime/image/reference.ts";
import type { Reference } from "../../runtime/image/reference.ts";

/** Where an image is or goes to. */
export type ImageTarget =
  | { readonly kind: "registry"; readonly reference: Reference }
  /** A folder with an OCI layout. */
  | { readonly kind: "folder"; readonly path: string; readonly tag: string | undefined }
  /** A tar file of one. */
  | { readonly kind: "archive"; readonly path: string; readonly tag: string | undefined };

/**
 * Parses `registry/repository:tag`, `oci:FOLDER[:TAG]` or `oci-archive:FILE[:TAG]`.
 * @throws WhorlError `usage`.
 */
export function parseImageTarget(text: string): ImageTarget {
  const local = /^(oci|oci-archive):(.+?)(?::([A-Za-z0-9_][A-Za-z0-9._-]*))?$/.exec(text);
  if (local === null) {
    return { kind: "registry", reference: parseReference(text.replace(/^docker:\/\//, "")) };
  }
  const [, form, path, tag] = local;
  if (path === undefined) throw new WhorlError("usage", `"${text}" names no path`);
  return { kind: form === "oci" ? "folder" : "archive", path, tag };
}

import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { WhorlError } from "../error.ts";

/** `sha256:` and 64 hexadecimal digits, or `sha512:` and 128 (OCI image specification). */
export type Digest = `${DigestAlgorithm}:${string}`;

export type DigestAlgorithm = "sha256" | "sha512";

const digestPattern = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** Whether a text is a digest of a known algorithm. */
export function isDigest(text: string): text is Digest {
  return digestPattern.test(text);
}

/** @throws WhorlError `image` if the text is none; `where` says whose it is. */
export function parseDigest(text: string, where: string): Digest {
  if (isDigest(text)) return text;
  const shown = JSON.stringify(text.slice(0, 200));
  throw new WhorlError("image", `${where}: ${shown} is not a digest like "sha256:0123..."`);
}

/** Algorithm and hexadecimal digits of a digest. */
export function splitDigest(digest: Digest): { algorithm: DigestAlgorithm; hex: string } {
  const colon = digest.indexOf(":");
  const algorithm = digest.slice(0, colon) === "sha512" ? "sha512" : "sha256";
  return { algorithm, hex: digest.slice(colon + 1) };
}

export function sha256Digest(bytes: Uint8Array): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** A hash that will be compared with a digest of the same algorithm. */
export function hashFor(digest: Digest): Hash {
  return createHash(splitDigest(digest).algorithm);
}

/** Whether bytes are what a digest says. */
export function matchesDigest(bytes: Uint8Array, digest: Digest): boolean {
  return hashFor(digest).update(bytes).digest("hex") === splitDigest(digest).hex;
}

import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import { parseDigest } from "./digest.ts";
import type { Digest } from "./digest.ts";
import { isIndexType, mediaTypes } from "./media-types.ts";

/** Some bytes that a manifest names (OCI image specification, "content descriptor"). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

export interface ImageManifest {
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ImageIndex {
  readonly mediaType: string;
  readonly manifests: readonly IndexEntry[];
}

export interface IndexEntry extends Descriptor {
  readonly platform: Platform | undefined;
}

export type ParsedManifest =
  | { readonly kind: "image"; readonly manifest: ImageManifest }
  | { readonly kind: "index"; readonly index: ImageIndex };

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Parses a manifest or an index. Nothing it says is trusted further: digests are well-formed,
 * sizes and counts within their limits.
 * @param where what the messages call the manifest.
 * @throws WhorlError `image` for anything else, `limit` for too many or too large layers.
 */
export function parseManifest(
  bytes: Uint8Array,
  contentType: string | undefined,
  where: string,
): ParsedManifest {
  const root = parseJsonObject(bytes, where);
  const own = typeof root["mediaType"] === "string" ? root["mediaType"] : undefined;
  const mediaType = own ?? contentType ?? guessedType(root);
  if (root["schemaVersion"] !== 2) {
    throw new WhorlError(
      "image",
      `${where} has schema version ${JSON.stringify(root["schemaVersion"])}; only 2 is known`,
    );
  }
  if (isIndexType(mediaType)) return { kind: "index", index: parseIndex(root, mediaType, where) };
  if (mediaType !== mediaTypes.ociManifest && mediaType !== mediaTypes.dockerManifest) {
    throw new WhorlError("image", `${where} has the unknown media type ${show(mediaType)}`);
  }
  return { kind: "image", manifest: parseImage(root, mediaType, where) };
}

/** @throws WhorlError `image` if the bytes are no JSON object. */
export function parseJsonObject(bytes: Uint8Array, where: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new WhorlError("image", `${where} is not JSON: ${errorText(error)}`, { cause: error });
  }
  if (isObject(value)) return value;
  throw new WhorlError("image", `${where} is not a JSON object`);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Only its entries that are texts. */
export function textEntries(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  );
}

function guessedType(root: JsonObject): string {
  return Array.isArray(root["manifests"]) ? mediaTypes.ociIndex : mediaTypes.ociManifest;
}

function parseIndex(root: JsonObject, mediaType: string, where: string): ImageIndex {
  const manifests = boundedList(root["manifests"], "manifests", where);
  return {
    mediaType,
    manifests: manifests.map((entry, index) => ({
      ...parseDescriptor(entry, `${where}: manifest ${index}`),
      platform: parsePlatform(isObject(entry) ? entry["platform"] : undefined),
    })),
  };
}

function parsePlatform(value: unknown): Platform | undefined {
  if (!isObject(value)) return undefined;
  const { os, architecture, variant } = value;
  if (typeof os !== "string" || typeof architecture !== "string") return undefined;
  return { os, architecture, ...(typeof variant === "string" && { variant }) };
}

function parseImage(root: JsonObject, mediaType: string, where: string): ImageManifest {
  const config = parseDescriptor(root["config"], `${where}: configuration`);
  const layers = boundedList(root["layers"], "layers", where).map((layer, index) =>
    parseDescriptor(layer, `${where}: layer ${index}`),
  );
  const total = layers.reduce((sum, { size }) => sum + size, 0);
  if (total > limits.imageBytesMax) {
    throw new WhorlError(
      "limit",
      `${where} has ${total} bytes of layers; an image may have ${limits.imageBytesMax}`,
    );
  }
  return { mediaType, config, layers, annotations: textEntries(root["annotations"]) };
}

function boundedList(value: unknown, key: string, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new WhorlError("image", `${where} has no list "${key}"`);
  if (value.length <= limits.imageLayersMax) return value as readonly unknown[];
  throw new WhorlError(
    "limit",
    `${where} has ${value.length} ${key}; at most ${limits.imageLayersMax} are accepted`,
  );
}

function parseDescriptor(value: unknown, where: string): Descriptor {
  if (!isObject(value)) throw new WhorlError("image", `${where} is not a descriptor`);
  const { mediaType, digest, size, annotations } = value;
  if (typeof mediaType !== "string" || typeof digest !== "string") {
    throw new WhorlError("image", `${where} needs a mediaType and a digest`);
  }
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
    throw new WhorlError("image", `${where} has the size ${show(size)}`);
  }
  if (size > limits.imageBlobBytesMax) {
    throw new WhorlError(
      "limit",
      `${where} has ${size} bytes; a blob may have ${limits.imageBlobBytesMax}`,
    );
  }
  return {
    mediaType,
    digest: parseDigest(digest, where),
    size,
    ...(isObject(annotations) && { annotations: textEntries(annotations) }),
  };
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? "undefined").slice(0, 200);
}

/** Bytes of a manifest, always the same for the same content: keys in a fixed order, no spaces. */
export function encodeManifest(
  manifest: Omit<ImageManifest, "mediaType" | "annotations"> &
    Partial<Pick<ImageManifest, "annotations">>,
): Uint8Array {
  const { config, layers, annotations = {} } = manifest;
  const sorted = Object.entries(annotations).toSorted(([a], [b]) => compareText(a, b));
  return new TextEncoder().encode(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: plainDescriptor(config),
      layers: layers.map(plainDescriptor),
      ...(sorted.length > 0 && { annotations: Object.fromEntries(sorted) }),
    }),
  );
}

function plainDescriptor({ mediaType, digest, size, annotations }: Descriptor): object {
  return { mediaType, digest, size, ...(annotations && { annotations }) };
}

/** Order by code units, the same everywhere. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

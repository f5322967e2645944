import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import { openRange } from "./blob-source.ts";
import type { BlobSource } from "./blob-source.ts";
import type { Digest } from "./digest.ts";
import { discard } from "./http-exchange.ts";
import type { RegistryAnswer } from "./registry-connection.ts";
import type { RegistryRepository } from "./registry-repository.ts";
import { retry } from "./retry.ts";
import type { TransferOutcome } from "./transfer-progress.ts";

export interface UploadOptions {
  /** Another repository of the same registry that may have the blob. */
  readonly mountFrom?: string | undefined;
  /** Larger blobs are sent in pieces of this size. */
  readonly pieceBytes?: number | undefined;
  readonly onBytes?: ((bytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Puts a blob into a repository, unless it is there. An upload that fails is begun again.
 * @throws WhorlError `registry`.
 */
export async function uploadBlob(
  repository: RegistryRepository,
  source: BlobSource,
  options: UploadOptions = {},
): Promise<TransferOutcome> {
  const { signal } = options;
  if (await repository.hasBlob(source.descriptor, signal)) return "present";
  return retry(() => uploadOnce(repository, source, options), repository.pace, signal);
}

async function uploadOnce(
  repository: RegistryRepository,
  source: BlobSource,
  options: UploadOptions,
): Promise<TransferOutcome> {
  const { digest, size } = source.descriptor;
  const { mountFrom, onBytes } = options;
  onBytes?.(0);
  const opened = await openUpload(repository, digest, options);
  if (opened.status === 201) {
    onBytes?.(size);
    return mountFrom === undefined ? "moved" : "mounted";
  }
  const pieceBytes = options.pieceBytes ?? limits.uploadPieceBytes;
  const { location, start } =
    size <= pieceBytes
      ? { location: uploadLocation(opened), start: 0 }
      : await sendPieces(repository, source, { ...options, pieceBytes, first: opened });
  await finish(repository, source, { location, start, options });
  onBytes?.(size);
  return "moved";
}

async function openUpload(
  repository: RegistryRepository,
  digest: Digest,
  { mountFrom, signal }: UploadOptions,
): Promise<RegistryAnswer> {
  const mount = mountFrom === undefined ? {} : { mount: digest, from: mountFrom };
  const query = new URLSearchParams(mount).toString();
  const answer = await repository.connection.send({
    method: "POST",
    target: `${repository.path("blobs/uploads/")}${query === "" ? "" : `?${query}`}`,
    scopes:
      mountFrom === undefined
        ? repository.scopes
        : [...repository.scopes, `repository:${mountFrom}:pull`],
    headers: { "content-length": "0" },
    accepts: [201, 202],
    signal,
  });
  await discard(answer);
  return answer;
}

interface PiecesOptions extends UploadOptions {
  readonly pieceBytes: number;
  readonly first: RegistryAnswer;
}

/** All but the last piece, which finishes the upload (distribution specification, "chunked"). */
async function sendPieces(
  repository: RegistryRepository,
  source: BlobSource,
  { pieceBytes, first, onBytes, signal }: PiecesOptions,
): Promise<{ location: URL; start: number }> {
  const { size } = source.descriptor;
  const least = Number(first.headers["oci-chunk-min-length"] ?? "0");
  const step = Math.max(pieceBytes, Number.isSafeInteger(least) ? least : 0);
  let location = uploadLocation(first);
  let start = 0;
  while (size - start > step) {
    const sent = start;
    const end = start + step;
    const answer = await repository.connection.send({
      method: "PATCH",
      target: location,
      scopes: repository.scopes,
      headers: {
        "content-type": "application/octet-stream",
        "content-length": String(end - start),
        "content-range": `${start}-${end - 1}`,
      },
      body: () => openRange(source, { start: sent, end }),
      accepts: [202, 204],
      signal,
    });
    await discard(answer);
    location = uploadLocation(answer);
    start = end;
    onBytes?.(start);
  }
  return { location, start };
}

interface Finish {
  readonly location: URL;
  readonly start: number;
  readonly options: UploadOptions;
}

async function finish(
  repository: RegistryRepository,
  source: BlobSource,
  { location, start, options: { signal } }: Finish,
): Promise<void> {
  const { digest, size } = source.descriptor;
  const target = new URL(location);
  target.searchParams.set("digest", digest);
  const answer = await repository.connection.send({
    method: "PUT",
    target,
    scopes: repository.scopes,
    headers: {
      "content-type": "application/octet-stream",
      "content-length": String(size - start),
      ...(start > 0 && { "content-range": `${start}-${size - 1}` }),
    },
    body: () => openRange(source, { start, end: size }),
    accepts: [201, 204],
    signal,
  });
  await discard(answer);
}

function uploadLocation({ headers, url }: RegistryAnswer): URL {
  const { location } = headers as { readonly location?: string };
  const target = location === undefined ? null : URL.parse(location, url);
  const isSafe =
    target?.protocol === "https:" || (target?.protocol === "http:" && url.protocol === "http:");
  if (target !== null && isSafe) return target;
  throw new WhorlError(
    "registry",
    `registry ${url.host} names ${JSON.stringify(location)} as the place of an upload`,
  );
}

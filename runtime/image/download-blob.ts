import { WhorlError } from "../error.ts";
import type { BlobWriter } from "./content-store.ts";
import { discard } from "./http-exchange.ts";
import type { Descriptor } from "./manifest.ts";
import type { RegistryAnswer } from "./registry-connection.ts";
import type { RegistryRepository } from "./registry-repository.ts";
import { pauseOrThrow } from "./retry.ts";
import { exchangeFailure } from "./send-request.ts";

export interface DownloadOptions {
  readonly onBytes?: ((bytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** So much progress makes up for earlier failures: a bad line is not a dead one. */
const progressBytesMin = 1024 * 1024;

/**
 * Downloads a blob into a writer and commits it. A connection that is cut is taken up where it
 * ended, if the registry can do that (Range).
 * @throws WhorlError `registry`, or `image` if the bytes are not those that were promised.
 */
export async function downloadBlob(
  repository: RegistryRepository,
  blob: Descriptor,
  writer: BlobWriter,
  { onBytes, signal }: DownloadOptions = {},
): Promise<void> {
  let failures = 0;
  for (let isDone = false; !isDone;) {
    signal?.throwIfAborted();
    const before = writer.bytes;
    try {
      await receive(repository, blob, writer, { onBytes, signal });
      isDone = true;
    } catch (error) {
      if (writer.bytes - before >= progressBytesMin) failures = 0;
      const { pace } = repository;
      await pauseOrThrow(error, failures++, { pace, signal });
    }
  }
  await writer.commit();
}

async function receive(
  repository: RegistryRepository,
  blob: Descriptor,
  writer: BlobWriter,
  { onBytes, signal }: DownloadOptions,
): Promise<void> {
  const { connection } = repository;
  const isResuming = writer.bytes > 0;
  if (isResuming && writer.bytes === blob.size) return;
  const answer = await connection.send({
    method: "GET",
    target: repository.path(`blobs/${blob.digest}`),
    scopes: repository.scopes,
    headers: isResuming ? { range: `bytes=${writer.bytes}-` } : {},
    accepts: isResuming ? [200, 206, 416] : [200],
    signal,
  });
  if (isResuming && !continuesAt(answer, writer.bytes)) {
    await writer.restart();
    onBytes?.(0);
    if (answer.status !== 200) {
      await discard(answer);
      return receive(repository, blob, writer, { onBytes, signal });
    }
  }
  checkLength(answer, blob, writer.bytes);
  await copyBody(repository, answer, writer, { onBytes, signal });
  if (writer.bytes < blob.size) {
    // A body that ended early although its head promised nothing: as if the connection was cut.
    throw connection.explain(exchangeFailure("cut"), signal);
  }
  return undefined;
}

async function copyBody(
  { connection }: RegistryRepository,
  { body }: RegistryAnswer,
  writer: BlobWriter,
  { onBytes, signal }: DownloadOptions,
): Promise<void> {
  try {
    for await (const chunk of body) {
      await writer.write(chunk as Buffer);
      onBytes?.(writer.bytes);
    }
  } catch (error) {
    throw connection.explain(error, signal);
  }
}

function continuesAt({ status, headers }: RegistryAnswer, position: number): boolean {
  if (status !== 206) return false;
  return new RegExp(`^bytes ${position}-`).test(headers["content-range"] ?? "");
}

/** Says so before the first byte if the size is not the promised one. */
function checkLength({ headers }: RegistryAnswer, blob: Descriptor, position: number): void {
  const length = headers["content-length"];
  if (length === undefined || Number(length) === blob.size - position) return;
  throw new WhorlError(
    "image",
    `${blob.digest} has ${Number(length) + position} bytes in the registry, not the ${blob.size} that its manifest promises; do not trust it`,
  );
}

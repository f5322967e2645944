import { WhorlError } from "../error.ts";
import { forEachBounded } from "./for-each-bounded.ts";
import type { BuiltImage } from "./image.ts";
import { formatReference, manifestKey } from "./reference.ts";
import type { Reference } from "./reference.ts";
import type { RegistryClient } from "./registry-client.ts";
import type { OnTransfer } from "./transfer-progress.ts";
import { uploadBlob } from "./upload-blob.ts";

export interface PushOptions {
  readonly client: RegistryClient;
  /** Another repository of the same registry that probably has the layers. */
  readonly mountFrom?: string | undefined;
  /** Larger blobs are sent in pieces of this size. */
  readonly pieceBytes?: number | undefined;
  readonly onTransfer?: OnTransfer | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PushResult {
  /** Whether the tag pointed to this image already; nothing was sent then. */
  readonly wasThere: boolean;
}

/**
 * Sends an image. Only what the registry does not have is sent, the manifest last. What the tag
 * points to is asked while the image is still being made.
 * @throws WhorlError `registry`, `file` if a file cannot be read, `usage` for a wrong digest; first
 * of all what the making of the image throws.
 */
export async function pushImage(
  making: BuiltImage | Promise<BuiltImage>,
  reference: Reference,
  options: PushOptions,
): Promise<PushResult> {
  const { client, mountFrom, pieceBytes, onTransfer, signal: outer } = options;
  const repository = client.repository(reference, "pull,push");
  const key = reference.tag ?? manifestKey(reference);
  using asked = whileOpen((signal) => repository.headManifest(key, signal), outer);
  const image = await making;
  if (reference.digest !== undefined && reference.digest !== image.digest) {
    throw new WhorlError(
      "usage",
      `the image is ${image.digest}, so it cannot become ${formatReference(reference)}; push to a tag`,
    );
  }
  if ((await asked.answer) === image.digest) return { wasThere: true };
  await forEachBounded(
    image.blobs,
    async (source, signal) => {
      const { digest, mediaType, size } = source.descriptor;
      onTransfer?.({ kind: "start", digest, mediaType, sizeBytes: size });
      const onBytes = (bytes: number): void => onTransfer?.({ kind: "progress", digest, bytes });
      const outcome = await uploadBlob(repository, source, {
        mountFrom,
        pieceBytes,
        onBytes,
        signal,
      });
      onTransfer?.({ kind: "done", digest, outcome });
    },
    outer,
  );
  await repository.putManifest(key, image, outer);
  return { wasThere: false };
}

interface Asked<T> extends Disposable {
  readonly answer: Promise<T>;
}

/** An operation that is given up when nobody wants its result any more. */
function whileOpen<T>(ask: (signal: AbortSignal) => Promise<T>, outer?: AbortSignal): Asked<T> {
  const stop = new AbortController();
  const signals = outer === undefined ? [stop.signal] : [outer, stop.signal];
  const answer = ask(AbortSignal.any(signals));
  answer.catch(() => undefined);
  return { answer, [Symbol.dispose]: () => stop.abort() };
}

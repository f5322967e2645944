import { ShimError } from "../error.ts";
import { ContainerdClient, type ContentDescriptor } from "./containerd-client.ts";
import type { PrepareAnswer, PrepareRequest } from "./front-service.ts";
import type { ImageCache } from "./image-cache.ts";

/** Prepares an image that no container asks for yet. Rejects when containerd cannot be asked. */
export async function prepareOnRequest(
  payload: Uint8Array,
  images: ImageCache,
): Promise<PrepareAnswer> {
  const { address, namespace, image } = parse(payload);
  using containerd = new ContainerdClient(address, namespace);
  const found = await images.findAhead(image, containerd);
  switch (found.kind) {
    case "image":
      return { result: "prepared" };
    case "other":
      return { result: "other" };
    case "packed":
      return { result: "packed" };
    case "broken":
      return { result: "broken", reason: found.reason };
  }
}

function parse(payload: Uint8Array): PrepareRequest {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload).toString());
  } catch (error) {
    throw new ShimError("invalid_argument", "the request is not JSON", { cause: error });
  }
  const { address, namespace, image } = (value ?? {}) as Partial<PrepareRequest>;
  if (typeof address === "string" && typeof namespace === "string" && isImage(image)) {
    return { address, namespace, image };
  }
  throw new ShimError("invalid_argument", "the request names no image");
}

function isImage(value: unknown): value is ContentDescriptor & { readonly name: string } {
  const { name, mediaType, digest, size } = (value ?? {}) as Record<string, unknown>;
  return [name, mediaType, digest].every((each) => typeof each === "string") && isSize(size);
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

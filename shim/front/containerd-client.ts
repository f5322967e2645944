import { randomUUID } from "node:crypto";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { whorl } from "../../proto/gen/wire.js";
import { ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import type { RootfsMount } from "./app-in-rootfs.ts";

const { content: wire } = whorl;

interface Encoder<Fields> {
  encode(message: Fields): { finish(): Uint8Array };
}

interface Decoder<Message> {
  decode(bytes: Uint8Array): Message;
}

/** For answers that say nothing of use. */
const nothing: Decoder<undefined> = { decode: () => undefined };

/** Bytes that an image is said to consist of. */
export interface ContentDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

/** Layers of an image as one file system, for somebody who only looks. */
export interface SnapshotView extends AsyncDisposable {
  readonly mounts: readonly RootfsMount[];
}

/** An unpacked image. */
export interface Snapshot {
  readonly snapshotter: string;
  readonly name: string;
}

/**
 * What the front asks of containerd itself, over its gRPC socket. The content store's files could
 * be read directly, but where they are is containerd's own affair: a node may have it configured
 * elsewhere, or content in a store that is no folder at all.
 */
export class ContainerdClient implements Disposable {
  readonly #client: Client;
  readonly #namespace: string;

  /** `address`: path of containerd's socket. */
  constructor(address: string, namespace: string) {
    this.#client = new Client(`unix:${address}`, credentials.createInsecure());
    this.#namespace = namespace;
  }

  /** Manifest or index of the image that a container was made from; undefined for none. */
  async imageOf(id: string): Promise<(ContentDescriptor & { readonly name: string }) | undefined> {
    const { container } = await this.#unary(
      "containerd.services.containers.v1.Containers/Get",
      [wire.GetContainerRequest, wire.GetContainerResponse],
      { id },
    );
    const name = container?.image ?? "";
    if (name === "") return undefined;
    const { image } = await this.#unary(
      "containerd.services.images.v1.Images/Get",
      [wire.GetImageRequest, wire.GetImageResponse],
      { name },
    );
    const target = image?.target;
    if (target === null || target === undefined) return undefined;
    const { mediaType, digest, size } = target;
    return { name, mediaType: mediaType ?? "", digest: digest ?? "", size: size ?? 0 };
  }

  /** The bytes of some content, in pieces. */
  async *read({ digest }: Pick<ContentDescriptor, "digest">): AsyncGenerator<Uint8Array> {
    const stream = this.#client.makeServerStreamRequest(
      "/containerd.services.content.v1.Content/Read",
      (fields: { digest: string }) => Buffer.from(wire.ReadContentRequest.encode(fields).finish()),
      (bytes) => wire.ReadContentResponse.decode(bytes),
      { digest },
      this.#metadata(),
      { deadline: Date.now() + shimLimits.callMsMax },
    );
    try {
      for await (const part of stream) yield (part as { readonly data: Uint8Array }).data;
    } catch (error) {
      throw unavailable(`content ${digest}`, error);
    } finally {
      stream.cancel();
    }
  }

  /**
   * Keeps content, and what its labels refer to, from being collected until the result is disposed;
   * for some minutes if that never happens.
   */
  async hold(digest: string): Promise<AsyncDisposable & { readonly id: string }> {
    const id = `whorl-${randomUUID()}`;
    const expires = new Date(Date.now() + shimLimits.prepareMsMax * 2).toISOString();
    const leases = "containerd.services.leases.v1.Leases";
    const labels = { "containerd.io/gc.expire": expires };
    await this.#unary(`${leases}/Create`, [wire.CreateLeaseRequest, nothing], { id, labels });
    const resource = { id: digest, type: "content" };
    await this.#unary(`${leases}/AddResource`, [wire.AddResourceRequest, nothing], {
      id,
      resource,
    });
    return {
      id,
      [Symbol.asyncDispose]: async () => {
        // It expires in any case.
        await this.#unary(`${leases}/Delete`, [wire.DeleteLeaseRequest, nothing], { id }).catch(
          () => undefined,
        );
      },
    };
  }

  /** What the image with this configuration was unpacked to; undefined if it was not. */
  async unpacked(configuration: string): Promise<Snapshot | undefined> {
    const { info } = await this.#unary(
      "containerd.services.content.v1.Content/Info",
      [wire.ContentInfoRequest, wire.ContentInfoResponse],
      { digest: configuration },
    );
    for (const [label, name] of Object.entries(info?.labels ?? {})) {
      const [, snapshotter] = /^containerd\.io\/gc\.ref\.snapshot\.(.+)$/.exec(label) ?? [];
      if (snapshotter !== undefined) return { snapshotter, name };
    }
    return undefined;
  }

  /** `lease`: id of one that {@link hold} made; with its end the view is gone at the latest. */
  async view({ snapshotter, name }: Snapshot, lease: string): Promise<SnapshotView> {
    const key = `whorl-${randomUUID()}`;
    const service = "containerd.services.snapshots.v1.Snapshots";
    const { mounts } = await this.#unary(
      `${service}/View`,
      [wire.ViewSnapshotRequest, wire.ViewSnapshotResponse],
      { snapshotter, key, parent: name },
      lease,
    );
    return {
      mounts: mounts as RootfsMount[],
      [Symbol.asyncDispose]: async () => {
        const removed = { snapshotter, key };
        const codecs = [wire.RemoveSnapshotRequest, nothing] as const;
        await this.#unary(`${service}/Remove`, codecs, removed).catch(() => undefined);
      },
    };
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  #metadata(lease?: string): Metadata {
    const metadata = new Metadata();
    metadata.set("containerd-namespace", this.#namespace);
    if (lease !== undefined) metadata.set("containerd-lease", lease);
    return metadata;
  }

  #unary<Fields, Answer>(
    method: string,
    [request, answer]: readonly [Encoder<Fields>, Decoder<Answer>],
    fields: Fields,
    lease?: string,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        `/${method}`,
        (each: Fields) => Buffer.from(request.encode(each).finish()),
        (bytes) => answer.decode(bytes),
        fields,
        this.#metadata(lease),
        { deadline: Date.now() + shimLimits.callMsMax },
        (error: ServiceError | null, value) => {
          if (error === null) resolve(value as Answer);
          else reject(unavailable(method, error));
        },
      );
    });
  }
}

function unavailable(what: string, error: unknown): ShimError {
  const { details } = (error ?? {}) as Partial<ServiceError>;
  const text = `containerd does not give ${what}: ${details ?? String(error)}`;
  return new ShimError("unavailable", text, { cause: error });
}

import { randomUUID } from "node:crypto";
import { runtime, whorl } from "../../proto/gen/agent.js";
import { whorl as shared } from "../../proto/gen/wire.js";
import { ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import type { Blob, WholeImage } from "./canary-image.ts";
import { type ContainerdVersion, parseContainerdVersion } from "./containerd-version.ts";
import { GrpcChannel, nothing } from "./grpc-channel.ts";

const cri = runtime.v1;
const { agent } = whorl;
const { content } = shared;
const runtimeService = "runtime.v1.RuntimeService";

const methods = {
  version: {
    name: `${runtimeService}/Version`,
    request: cri.VersionRequest,
    answer: cri.VersionResponse,
  },
  status: {
    name: `${runtimeService}/Status`,
    request: cri.StatusRequest,
    answer: cri.StatusResponse,
  },
  pods: {
    name: `${runtimeService}/ListPodSandbox`,
    request: cri.Empty,
    answer: cri.ListPodSandboxResponse,
  },
  imageStatus: {
    name: "runtime.v1.ImageService/ImageStatus",
    request: cri.ImageStatusRequest,
    answer: cri.ImageStatusResponse,
  },
  listImages: {
    name: "containerd.services.images.v1.Images/List",
    request: agent.ListImagesRequest,
    answer: agent.ListImagesResponse,
  },
  createImage: {
    name: "containerd.services.images.v1.Images/Create",
    request: agent.CreateImageRequest,
    answer: nothing,
  },
  deleteImage: {
    name: "containerd.services.images.v1.Images/Delete",
    request: agent.DeleteImageRequest,
    answer: nothing,
  },
  writeContent: {
    name: "containerd.services.content.v1.Content/Write",
    request: agent.WriteContentRequest,
    answer: agent.WriteContentResponse,
  },
  subscribe: {
    name: "containerd.services.events.v1.Events/Subscribe",
    request: agent.SubscribeRequest,
    answer: agent.Envelope,
  },
  createLease: {
    name: "containerd.services.leases.v1.Leases/Create",
    request: content.CreateLeaseRequest,
    answer: nothing,
  },
  deleteLease: {
    name: "containerd.services.leases.v1.Leases/Delete",
    request: content.DeleteLeaseRequest,
    answer: nothing,
  },
} as const;

/** What is known of an image without reading it. */
export interface NamedImage {
  readonly name: string;
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes of its manifest or index. */
  readonly size: number;
}

/** A pod of the node. */
export interface NodePod {
  readonly name: string;
  readonly handler: string;
  readonly isReady: boolean;
}

/** What the agent asks of containerd, over its gRPC socket. Everything throws ShimError. */
export class ContainerdApi implements Disposable {
  readonly channel: GrpcChannel;

  /** `address`: path of the socket. */
  constructor(address: string) {
    this.channel = new GrpcChannel(address);
  }

  /** Throws `unimplemented` for other runtimes and old releases. */
  async version(timeoutMs?: number): Promise<ContainerdVersion> {
    const found = await this.channel.call(
      methods.version,
      {},
      timeoutMs === undefined ? {} : { timeoutMs },
    );
    return parseContainerdVersion(found.runtimeName, found.runtimeVersion);
  }

  /** Types of the runtime handlers that containerd has loaded, by name. */
  async handlers(): Promise<ReadonlyMap<string, string>> {
    const { info } = await this.channel.call(methods.status, { verbose: true });
    return parseHandlers(info["config"] ?? "");
  }

  async pods(): Promise<readonly NodePod[]> {
    const { items } = await this.channel.call(methods.pods, {});
    return items.map(({ metadata, runtimeHandler, state }) => ({
      name: `${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`,
      handler: runtimeHandler ?? "",
      isReady: (state ?? 0) === 0,
    }));
  }

  /** All images, or those of a name. */
  async images(name?: string): Promise<readonly NamedImage[]> {
    const filters = name === undefined ? [] : [`name==${JSON.stringify(name)}`];
    const { images } = await this.channel.call(methods.listImages, { filters });
    return images.map((image) => ({
      name: image.name ?? "",
      mediaType: image.target?.mediaType ?? "",
      digest: image.target?.digest ?? "",
      size: image.target?.size ?? 0,
    }));
  }

  /** Names of images as they come or change, until `signal` aborts. */
  async *imageEvents(signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    const filters = ["create", "update"].map(
      (kind) => `topic=="/images/${kind}",namespace==k8s.io`,
    );
    for await (const { event } of this.channel.stream(methods.subscribe, { filters }, signal)) {
      const bytes = event?.value ?? undefined;
      if (bytes !== undefined) yield agent.ImageEvent.decode(bytes).name;
    }
  }

  /** Whether pods can use an image. */
  async hasImage(image: string): Promise<boolean> {
    const found = await this.channel.call(methods.imageStatus, { image: { image } });
    return (found.image ?? undefined) !== undefined;
  }

  /** Puts an image into containerd, whole; does nothing where it is. */
  async importImage(image: WholeImage): Promise<void> {
    await using lease = await this.#lease();
    for (const blob of image.blobs) await this.#write(blob, lease.id);
    const manifest = image.blobs.at(-1);
    if (manifest === undefined) throw new ShimError("internal", "an image without a manifest");
    const { mediaType, digest, bytes } = manifest;
    const target = { mediaType, digest, size: bytes.length };
    // By this label containerd's pods see it.
    const labels = { "io.cri-containerd.image": "managed" };
    const created = { image: { name: image.name, labels, target } };
    await ignoring("already_exists", this.channel.call(methods.createImage, created));
  }

  async removeImage(name: string): Promise<void> {
    await ignoring("not_found", this.channel.call(methods.deleteImage, { name }));
  }

  [Symbol.dispose](): void {
    this.channel[Symbol.dispose]();
  }

  /** Nothing that is written meanwhile is collected; in the end this expires. */
  async #lease(): Promise<AsyncDisposable & { readonly id: string }> {
    const id = `whorl-agent-${randomUUID()}`;
    const expires = new Date(Date.now() + shimLimits.prepareMsMax).toISOString();
    await this.channel.call(methods.createLease, {
      id,
      labels: { "containerd.io/gc.expire": expires },
    });
    return {
      id,
      [Symbol.asyncDispose]: async () => {
        await this.channel.call(methods.deleteLease, { id }).catch(() => undefined);
      },
    };
  }

  async #write({ digest, bytes, labels }: Blob, lease: string): Promise<void> {
    const ref = `whorl-agent-${digest}`;
    const common = { ref, total: bytes.length, expected: digest };
    const commit = { action: 2, ...common, offset: 0, data: bytes, labels: { ...labels } };
    await ignoring(
      "already_exists",
      this.channel.exchange(methods.writeContent, [commit], { lease }),
    );
  }
}

/** Reads the CRI plugin's own description of its configuration. */
function parseHandlers(text: string): ReadonlyMap<string, string> {
  const handlers = new Map<string, string>();
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    throw new ShimError("data_loss", "containerd does not describe its configuration", {
      cause: error,
    });
  }
  const runtimes = fields(fields(fields(config)["containerd"])["runtimes"]);
  for (const [name, value] of Object.entries(runtimes)) {
    const type = fields(value)["runtimeType"];
    if (typeof type === "string") handlers.set(name, type);
  }
  return handlers;
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

async function ignoring(code: ShimError["code"], call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ShimError) || error.code !== code) throw error;
  }
}

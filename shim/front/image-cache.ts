import { randomUUID } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ContentStore } from "../../runtime/image/content-store.ts";
import { type Digest, parseDigest, sha256Digest, splitDigest } from "../../runtime/image/digest.ts";
import { imageForm } from "../../runtime/image/image-contents.ts";
import {
  type Descriptor,
  type ImageManifest,
  parseManifest,
} from "../../runtime/image/manifest.ts";
import { blobsOf } from "../../runtime/image/image.ts";
import { selectPlatform } from "../../runtime/image/select-platform.ts";
import { errorText, ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import { preparedImageFile, type PreparedImage } from "../preparer/prepared-image.ts";
import { findApp, layersOf } from "./app-in-rootfs.ts";
import type { ContainerdClient, ContentDescriptor } from "./containerd-client.ts";
import type { AppInLayers } from "../preparer/app-in-layers.ts";
import { KnownLayers } from "./known-layers.ts";
import { runPreparer } from "./run-preparer.ts";

export interface ImageCacheOptions {
  /** Survives restarts of the node; only the front writes to it, and preparers to their part. */
  readonly folder: string;
  /** Programs are found here. */
  readonly path: string;
  readonly log: (message: string) => void;
}

/** An app that was unpacked and prepared; everybody may read it. */
export interface CachedImage extends PreparedImage {
  readonly folder: string;
}

/** What an image turned out to be. */
export type FoundImage =
  | { readonly kind: "image"; readonly image: CachedImage }
  /** An ordinary image, or none. */
  | { readonly kind: "other" }
  | { readonly kind: "broken"; readonly reason: string };

/** What an image that no container was made of turned out to be. */
export type ImageAhead = FoundImage | { readonly kind: "packed" };

/**
 * Images that are apps, unpacked and prepared once for the node. Each has a folder that only its
 * own preparer ever writes to, so that a hostile image can do harm to nobody but itself. What is in
 * the cache does not need containerd's copy any more.
 */
export class ImageCache {
  readonly #options: ImageCacheOptions;
  /** By digest of the manifest; entries are promises so that an image is prepared once. */
  readonly #images = new Map<string, Promise<FoundImage>>();
  /** By what lies below containers. */
  readonly #layers = new KnownLayers(shimLimits.knownLayersMax);
  #nextId = firstPreparerId;

  constructor(options: ImageCacheOptions) {
    this.#options = options;
  }

  /** The app that a container's image is. Rejects when containerd cannot be asked. */
  async find(containerId: string, containerd: ContainerdClient): Promise<FoundImage> {
    const target = await containerd.imageOf(containerId);
    return target === undefined ? { kind: "other" } : this.findTarget(target, containerd);
  }

  /** The app that an image is. Rejects when containerd cannot be asked. */
  async findTarget(
    target: ContentDescriptor & { readonly name: string },
    containerd: ContainerdClient,
  ): Promise<FoundImage> {
    const known = this.#images.get(target.digest);
    if (known !== undefined) return known;
    const found = this.#prepare(target.name, describe(target), containerd);
    this.#images.set(target.digest, found);
    // What went wrong may be tried again, when kubelet does.
    const isKept = await found.then(({ kind }) => kind !== "broken").catch(() => false);
    if (!isKept) this.#images.delete(target.digest);
    return found;
  }

  /**
   * As {@link findTarget}, for an image that no container was made of yet: an app in its file system
   * is one too, if containerd has unpacked it.
   */
  async findAhead(
    target: ContentDescriptor & { readonly name: string },
    containerd: ContainerdClient,
  ): Promise<ImageAhead> {
    const found = await this.findTarget(target, containerd);
    if (found.kind !== "other") return found;
    await using lease = await containerd.hold(target.digest);
    const configuration = await imageConfiguration(target, containerd);
    if (configuration === undefined) return found;
    const snapshot = await containerd.unpacked(configuration.digest);
    if (snapshot === undefined) return { kind: "packed" };
    await using view = await containerd.view(snapshot, lease.id);
    const app = findApp({ args: configuration.args, annotations: new Map() }, view.mounts);
    if (app?.isThere !== true) return found;
    const layers = layersOf(view.mounts);
    const key = keyInRootfs(target, app);
    // A container has one of its own on top.
    this.#layers.add({ path: app.path, layers: ["", ...layers] }, key);
    return await this.#findRootfs(key, target.name, { path: app.path, layers });
  }

  /**
   * An app that lies in the file system of a container's image, unpacked out of it. Rejects when
   * containerd cannot be asked.
   */
  async findInRootfs(
    containerId: string,
    containerd: ContainerdClient,
    app: AppInLayers,
  ): Promise<FoundImage> {
    const early = this.#images.get(this.#layers.find(app) ?? "");
    if (early !== undefined) return early;
    const target = await containerd.imageOf(containerId);
    if (target === undefined) return { kind: "other" };
    const key = keyInRootfs(target, app);
    this.#layers.add(app, key);
    return this.#findRootfs(key, target.name, app);
  }

  async #findRootfs(key: Digest, name: string, app: AppInLayers): Promise<FoundImage> {
    const known = this.#images.get(key);
    if (known !== undefined) return known;
    const preparing = this.#prepareRootfs(key, name, app);
    this.#images.set(key, preparing);
    const found = await preparing;
    // What does not work is not tried again for every container.
    const forget = (): unknown => this.#images.delete(key);
    if (found.kind === "broken") setTimeout(forget, shimLimits.retryBrokenMs).unref();
    return found;
  }

  async #prepareRootfs(key: Digest, name: string, app: AppInLayers): Promise<FoundImage> {
    const folder = join(this.#options.folder, splitDigest(key).hex);
    const cached = readCached(folder);
    if (cached !== undefined) return { kind: "image", image: cached };
    return this.#filled(folder, name, async (made, id) => {
      giveTo(made, id);
      await runPreparer({ folder: made, id, path: this.#options.path, app });
    });
  }

  async #prepare(
    name: string,
    target: Descriptor,
    containerd: ContainerdClient,
  ): Promise<FoundImage> {
    const folder = join(this.#options.folder, splitDigest(target.digest).hex);
    const cached = readCached(folder);
    if (cached !== undefined) return { kind: "image", image: cached };
    await using _lease = await containerd.hold(target.digest);
    const manifest = await imageManifest(name, target, containerd);
    if (manifest === undefined) return { kind: "other" };
    return this.#filled(folder, name, async (made, id) => {
      await fetchBlobs(made, { name, manifest, containerd });
      giveTo(made, id);
      await runPreparer({ folder: made, id, path: this.#options.path });
    });
  }

  async #filled(folder: string, name: string, fill: Fill): Promise<FoundImage> {
    try {
      await this.#fill(folder, fill);
    } catch (error) {
      const reason = `image ${name}: ${errorText(error)}`;
      this.#options.log(reason);
      return { kind: "broken", reason };
    }
    this.#evict(folder);
    const image = readCached(folder);
    if (image !== undefined) return { kind: "image", image };
    return { kind: "broken", reason: `image ${name} was prepared without a result` };
  }

  /** Nothing is seen under the final name before it is whole. */
  async #fill(folder: string, fill: Fill): Promise<void> {
    const made = `${folder}.${randomUUID()}`;
    mkdirSync(made, { recursive: true, mode: 0o755 });
    chmodSync(this.#options.folder, 0o755);
    try {
      await fill(made, this.#takeId());
      renameSync(made, folder);
    } finally {
      rmSync(made, { recursive: true, force: true });
    }
  }

  /** The least recently prepared go; those of running containers stay mounted there. */
  #evict(kept: string): void {
    const { folder } = this.#options;
    const byAge = readdirSync(folder)
      .map((name) => join(folder, name))
      .filter((path) => path !== kept)
      .map((path) => ({ path, ageMs: statSync(path).mtimeMs }))
      .toSorted((left, right) => right.ageMs - left.ageMs);
    for (const { path } of byAge.slice(shimLimits.cachedImagesMax - 1)) {
      this.#images.delete(`sha256:${path.slice(folder.length + 1)}`);
      rmSync(path, { recursive: true, force: true });
    }
  }

  #takeId(): number {
    const id = this.#nextId;
    this.#nextId = id === lastPreparerId ? firstPreparerId : id + 1;
    return id;
  }
}

/** Users that nobody else is expected to use, one for each preparation. */
const firstPreparerId = 1_800_000_000;
const lastPreparerId = 1_899_999_999;

/** Makes what is in a folder, by a user who may write nowhere else. */
type Fill = (folder: string, id: number) => Promise<void>;

interface ImageSource {
  readonly name: string;
  readonly manifest: { readonly descriptor: Descriptor; readonly bytes: Uint8Array };
  readonly containerd: ContainerdClient;
}

function describe({
  digest,
  ...rest
}: Omit<Descriptor, "digest"> & { digest: string }): Descriptor {
  return { ...rest, digest: parseDigest(digest, "image") };
}

function keyInRootfs({ digest }: { digest: string }, { path }: { path: string }): Digest {
  return sha256Digest(Buffer.from(`${digest} ${path}`));
}

/** What an ordinary image starts; undefined for one that cannot be read, as nobody waits for it. */
async function imageConfiguration(
  target: ContentDescriptor & { readonly name: string },
  containerd: ContainerdClient,
): Promise<{ readonly digest: string; readonly args: readonly string[] } | undefined> {
  try {
    const found = await platformManifest(target.name, describe(target), containerd);
    if (found === undefined) return undefined;
    const { config } = found.manifest;
    const bytes = await collect(containerd, config);
    const { config: inner } = JSON.parse(bytes.toString()) as { readonly config?: unknown };
    const { Entrypoint, Cmd } = (inner ?? {}) as Readonly<Record<string, unknown>>;
    const args = [Entrypoint, Cmd].flatMap((each) => (Array.isArray(each) ? each.map(String) : []));
    return { digest: config.digest, args };
  } catch {
    return undefined;
  }
}

/** The manifest of this platform; undefined for an image that is no artifact. */
async function imageManifest(
  name: string,
  target: Descriptor,
  containerd: ContainerdClient,
): Promise<ImageSource["manifest"] | undefined> {
  const found = await platformManifest(name, target, containerd);
  if (found === undefined || !isArtifact(name, found.manifest)) return undefined;
  return found;
}

async function platformManifest(
  name: string,
  target: Descriptor,
  containerd: ContainerdClient,
): Promise<(ImageSource["manifest"] & { readonly manifest: ImageManifest }) | undefined> {
  let descriptor = target;
  for (let depth = 0; depth < 3; depth += 1) {
    const bytes = await collect(containerd, descriptor);
    const parsed = parseManifest(bytes, descriptor.mediaType, name);
    if (parsed.kind === "index") {
      const machine = process.arch === "x64" ? "amd64" : process.arch;
      descriptor = selectPlatform(parsed.index, { wanted: undefined, machine });
      continue;
    }
    return { descriptor, bytes, manifest: parsed.manifest };
  }
  return undefined;
}

function isArtifact(name: string, manifest: ImageManifest): boolean {
  try {
    return imageForm({ name, manifest }) !== "container";
  } catch {
    return false;
  }
}

async function collect(containerd: ContainerdClient, descriptor: Descriptor): Promise<Buffer> {
  const { digest, size } = descriptor;
  if (size > shimLimits.manifestBytesMax) {
    throw new ShimError("resource_exhausted", `manifest ${digest} has ${size} bytes`);
  }
  const parts: Uint8Array[] = [];
  for await (const part of containerd.read(descriptor)) parts.push(part);
  return Buffer.concat(parts);
}

/** Each blob is compared with its digest while it is written. */
async function fetchBlobs(folder: string, source: ImageSource): Promise<void> {
  const { name, manifest, containerd } = source;
  const store = await ContentStore.open(folder);
  const parsed = parseManifest(manifest.bytes, manifest.descriptor.mediaType, name);
  if (parsed.kind === "index") throw new ShimError("internal", "an index is no image");
  for (const blob of blobsOf(parsed.manifest)) {
    await using writer = await store.writer(blob);
    for await (const part of containerd.read(blob)) await writer.write(part);
    await writer.commit();
  }
  await store.add(manifest.bytes);
  const { digest, mediaType } = manifest.descriptor;
  writeFileSync(join(folder, preparedImageFile.input), JSON.stringify({ name, digest, mediaType }));
}

/** Folders and files that were just made here, without links. */
function giveTo(folder: string, id: number): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    lchownSync(join(folder, name), id, id);
  }
  lchownSync(folder, id, id);
}

function readCached(folder: string): CachedImage | undefined {
  const file = join(folder, preparedImageFile.output);
  if (!existsSync(file)) return undefined;
  const { entry } = JSON.parse(readFileSync(file, "utf8")) as { readonly entry?: unknown };
  if (typeof entry !== "string") return undefined;
  utimesSync(folder, new Date(), new Date());
  return { folder, entry };
}

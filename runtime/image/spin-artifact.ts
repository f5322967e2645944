import { fileURLToPath } from "node:url";
import { readFile } from "node:fs/promises";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type {
  LockedApp,
  LockedComponent,
  LockedContent,
  LockedDependency,
  LockedFile,
} from "./locked-document.ts";
import type { BlobSource } from "./blob-source.ts";
import type { BlobName, ContentStore } from "./content-store.ts";
import { checkIsWasm, describeFile } from "./describe-file.ts";
import { sha256Digest } from "./digest.ts";
import type { BuiltImage } from "./image.ts";
import { compareText, encodeManifest } from "./manifest.ts";
import { mediaTypes } from "./media-types.ts";
import { packFiles } from "./write-archive.ts";
import type { PackedFile } from "./write-archive.ts";

export interface SpinArtifactOptions {
  /** Writes the bytes of a locked app. */
  readonly encode: (app: LockedApp) => Uint8Array;
  /** Where archives are kept until they are sent. */
  readonly store: ContentStore;
  /** Go before those that are made from the app's metadata. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Files in one archive per component; done anyway where there would be too many layers. */
  readonly archives?: boolean | undefined;
  /** Time for `org.opencontainers.image.created`; none, so that equal apps have equal digests. */
  readonly created?: string | undefined;
}

/**
 * Makes the Spin application artifact of a locked app whose content is in files (`file:` URLs).
 * @throws WhorlError `file` or `not_wasm` for a component that cannot be sent, `limit`.
 */
export async function buildSpinArtifact(
  app: LockedApp,
  options: SpinArtifactOptions,
): Promise<BuiltImage> {
  const simple = options.archives === true ? undefined : await assemble(app, options, false);
  // One more layer is the locked app itself.
  const fits = simple !== undefined && simple.layers.size < limits.imageLayersMax;
  const { layers, components } = fits ? simple : await assemble(app, options, true);
  if (layers.size >= limits.imageLayersMax) {
    throw new WhorlError(
      "limit",
      `the app has ${layers.size} layers; an image may have ${limits.imageLayersMax - 1} of them`,
    );
  }
  const { origin: _origin, ...metadata } = app.metadata ?? {};
  const locked = options.encode({
    ...app,
    ...(Object.keys(metadata).length > 0 && { metadata }),
    components,
  });
  const lockedBlob = bytesBlob(locked, mediaTypes.spinApplication);
  const config = bytesBlob(
    new TextEncoder().encode(JSON.stringify(spinConfig(lockedBlob.descriptor))),
    mediaTypes.ociConfig,
  );
  const blobs = [...layers.values(), lockedBlob];
  const bytes = encodeManifest({
    config: config.descriptor,
    layers: blobs.map(({ descriptor }) => descriptor),
    annotations: { ...inferAnnotations(app, options.created), ...options.annotations },
  });
  return {
    digest: sha256Digest(bytes),
    mediaType: mediaTypes.ociManifest,
    bytes,
    blobs: [...blobs, config],
  };
}

/** The digest in it makes the configurations of different apps differ: runtimes name images by it. */
function spinConfig({ digest }: BlobName): object {
  return {
    architecture: "wasm",
    os: "Wasip1",
    config: { Labels: { "com.fermyon.spin.lockedAppDigest": digest } },
    rootfs: { type: "layers", diff_ids: [] },
  };
}

function inferAnnotations(
  { metadata = {} }: LockedApp,
  created: string | undefined,
): Record<string, string> {
  const { name, version, description, authors } = metadata as Record<string, unknown>;
  const people = Array.isArray(authors) ? authors.filter((each) => typeof each === "string") : [];
  const annotations = {
    authors: people.join(", "),
    created: created ?? "",
    description,
    title: name,
    version,
  };
  const present = Object.entries(annotations).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string" && entry[1] !== "",
  );
  return Object.fromEntries(
    present.map(([key, value]) => [`org.opencontainers.image.${key}`, value]),
  );
}

interface Assembled {
  /** By digest, in order. */
  readonly layers: Map<string, BlobSource>;
  readonly components: LockedComponent[];
}

async function assemble(
  app: LockedApp,
  { store }: SpinArtifactOptions,
  archives: boolean,
): Promise<Assembled> {
  const layers: Assembled["layers"] = new Map();
  const components: LockedComponent[] = [];
  const add = (blob: BlobSource): void => {
    const { digest } = blob.descriptor;
    if (!layers.has(digest)) layers.set(digest, blob);
  };
  for (const component of app.components) {
    const wasm = async (content: LockedContent): Promise<LockedContent> => {
      const path = filePath(content, `component "${component.id}"`);
      await checkIsWasm(path);
      const name = await describeFile(path);
      add(fileBlob(name, path, mediaTypes.spinWasm));
      return contentRef(name, path);
    };
    const { content_type, ...content } = component.source;
    const source = { content_type, ...(await wasm(content)) };
    const files = await locateFiles(component);
    if (archives && files.length > 0) add(await archiveBlob(files, store));
    if (!archives) {
      for (const { locked, packed } of files) {
        if (locked.inline === undefined) add(dataBlob(packed));
      }
    }
    components.push({
      ...component,
      source,
      ...(files.length > 0 && { files: files.map(({ locked }) => locked) }),
      ...(await locateDependencies(component, wasm)),
    });
  }
  return { layers, components };
}

type Locate = (content: LockedContent) => Promise<LockedContent>;

/** What a component is composed with, named by digest. */
async function locateDependencies(
  { dependencies, trigger_dependencies: inFront }: LockedComponent,
  locate: Locate,
): Promise<Pick<LockedComponent, "dependencies" | "trigger_dependencies">> {
  const located = async (dependency: LockedDependency): Promise<LockedDependency> => {
    const { content_type, ...content } = dependency.source;
    return { ...dependency, source: { content_type, ...(await locate(content)) } };
  };
  const own: Record<string, LockedDependency> = {};
  for (const [name, each] of Object.entries(dependencies ?? {})) own[name] = await located(each);
  const roles: Record<string, LockedDependency[]> = {};
  for (const [role, list] of Object.entries(inFront ?? {})) {
    roles[role] = [];
    for (const each of list) roles[role].push(await located(each));
  }
  return {
    ...(dependencies !== undefined && { dependencies: own }),
    ...(inFront !== undefined && { trigger_dependencies: roles }),
  };
}

interface LocatedFile {
  readonly locked: LockedFile;
  readonly packed: PackedFile;
}

async function locateFiles({ id, files = [] }: LockedComponent): Promise<LocatedFile[]> {
  const located: LocatedFile[] = [];
  for (const file of files.toSorted((a, b) => compareText(a.path, b.path))) {
    const path = filePath(file, `component "${id}", file "${file.path}"`);
    const name = await describeFile(path);
    located.push({
      locked: { ...(await contentRef(name, path)), path: file.path },
      packed: { ...name, path: file.path, content: { kind: "file", path } },
    });
  }
  return located;
}

/** Small content travels inside: some registries refuse very small blobs. */
async function contentRef({ digest, size }: BlobName, path: string): Promise<LockedContent> {
  if (size > limits.inlineContentBytesMax) return { digest };
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new WhorlError("file", `cannot read ${path}: ${errorText(error)}`, { cause: error });
  });
  return { inline: bytes.toString("base64"), digest };
}

function filePath({ source }: LockedContent, what: string): string {
  if (source?.startsWith("file:") === true) return fileURLToPath(source);
  throw new WhorlError("file", `${what} is not in a file: ${source ?? "it has no source"}`);
}

function fileBlob(name: BlobName, path: string, mediaType: string): BlobSource {
  return { descriptor: { mediaType, ...name }, content: { kind: "file", path } };
}

function dataBlob({ digest, size, content }: PackedFile): BlobSource {
  return { descriptor: { mediaType: mediaTypes.spinData, digest, size }, content };
}

async function archiveBlob(
  files: readonly LocatedFile[],
  store: ContentStore,
): Promise<BlobSource> {
  const { digest, size } = await packFiles(
    files.map(({ packed }) => packed),
    store,
  );
  return fileBlob({ digest, size }, store.pathOf(digest), mediaTypes.spinArchive);
}

/** A blob that is made in memory. */
export function bytesBlob(bytes: Uint8Array, mediaType: string): BlobSource {
  const descriptor = { mediaType, digest: sha256Digest(bytes), size: bytes.length };
  return { descriptor, content: { kind: "bytes", bytes } };
}

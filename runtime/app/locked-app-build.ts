import { fileURLToPath } from "node:url";
import { WhorlError } from "../error.ts";
import { buildContainerImage } from "../image/container-image.ts";
import type { ContentStore } from "../image/content-store.ts";
import { checkIsWasm, describeFile } from "../image/describe-file.ts";
import { sha256Digest } from "../image/digest.ts";
import type { BuiltImage } from "../image/image.ts";
import type { Platform } from "../image/manifest.ts";
import { buildSpinArtifact } from "../image/spin-artifact.ts";
import type { PackedFile } from "../image/write-archive.ts";
import type { LoadOptions } from "./load-options.ts";
import { lockManifest } from "./locked-app-from-manifest.ts";
import { unlockManifest } from "./locked-app-manifest.ts";
import { encodeLockedApp } from "./locked-app.ts";
import type { LockedApp, LockedContent } from "../image/locked-document.ts";

export interface BuildAppImageOptions {
  /** Where archives are kept until they are sent. */
  readonly store: ContentStore;
  /**
   * `spin`: the Spin application artifact. `container`: an ordinary image with /spin.toml, which
   * containerd 1.6 takes too.
   */
  readonly format: "spin" | "container";
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** `spin`: files in one archive per component. */
  readonly archives?: boolean | undefined;
  /** `spin`: when it was made; not said where not given, so that equal apps have equal digests. */
  readonly created?: string | undefined;
  /** How the manifest is read: its profile, and where components come from. */
  readonly load?: LoadOptions | undefined;
  /** `container`: what the image says it runs on. */
  readonly platform?: Platform | undefined;
}

/**
 * Makes the image of a manifest's app; nothing is sent. The same files give the same digest.
 * @throws WhorlError `manifest`, `unsupported`, `file`, `not_wasm` or `limit`.
 */
export async function buildAppImage(
  manifestPath: string,
  options: BuildAppImageOptions,
): Promise<BuiltImage> {
  const locked = await lockManifest(manifestPath, options.load);
  if (options.format === "container") return buildContainer(locked, manifestPath, options);
  const { store, annotations, archives, created } = options;
  return buildSpinArtifact(locked, {
    encode: encodeLockedApp,
    store,
    annotations,
    archives,
    created,
  });
}

/** One layer per component and one per component's files, so that each is sent when it changed. */
async function buildContainer(
  locked: LockedApp,
  where: string,
  { store, annotations, platform }: BuildAppImageOptions,
): Promise<BuiltImage> {
  const { toml, files } = unlockManifest(locked, where);
  const groups = new Map<string, PackedFile[]>();
  for (const [path, content] of files) {
    const isComponent = path.startsWith("components/");
    const group = isComponent ? path : path.split("/", 2).join("/");
    const packed = await packedFile(path, content, isComponent);
    groups.set(group, [...(groups.get(group) ?? []), packed]);
  }
  const bytes = new TextEncoder().encode(toml);
  const manifest: PackedFile = {
    path: "spin.toml",
    digest: sha256Digest(bytes),
    size: bytes.length,
    content: { kind: "bytes", bytes },
  };
  return buildContainerImage([...groups.values(), [manifest]], {
    store,
    entrypoint: "/spin.toml",
    annotations,
    platform,
  });
}

async function packedFile(
  path: string,
  { source }: LockedContent,
  isComponent: boolean,
): Promise<PackedFile> {
  if (source?.startsWith("file:") !== true) {
    throw new WhorlError("file", `${path} is not in a file: ${source ?? "it has no source"}`);
  }
  const hostPath = fileURLToPath(source);
  if (isComponent) await checkIsWasm(hostPath);
  const { digest, size } = await describeFile(hostPath);
  return { path, digest, size, content: { kind: "file", path: hostPath } };
}

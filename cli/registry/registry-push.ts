import { readFile, stat } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import type { LoadOptions } from "../../runtime/app/load-options.ts";
import { errorText, WhorlError } from "../../runtime/error.ts";
import { buildComponentArtifact } from "../../runtime/image/component-artifact.ts";
import { toBuiltImage } from "../../runtime/image/image.ts";
import type { BuiltImage } from "../../runtime/image/image.ts";
import { writeLayoutArchive, writeLayoutFolder } from "../../runtime/image/oci-layout.ts";
import { pushImage } from "../../runtime/image/push-image.ts";
import { isRepository } from "../../runtime/image/reference.ts";
import type { OnTransfer } from "../../runtime/image/transfer-progress.ts";
import { obtainImage, imageToRun } from "./registry-source.ts";
import type { RegistrySession } from "./registry-session.ts";
import { parseImageTarget } from "./registry-target.ts";

/** How an app travels: Spin's artifact, or an ordinary image that containerd 1.6 takes too. */
export type PushFormat = "spin" | "container";

export interface RegistryPushOptions {
  /** A manifest, a folder with one, a component, or an image (a layout or another reference). */
  readonly from: string;
  /** `registry/repository:tag`, `oci:FOLDER[:TAG]` or `oci-archive:FILE[:TAG]`. */
  readonly to: string;
  readonly format: PushFormat;
  /** How the manifest is read: its profile, and where components come from. */
  readonly load?: LoadOptions | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  /** Files in one archive per component. */
  readonly archives: boolean;
  /** For `org.opencontainers.image.created`; none where not given. */
  readonly created?: string | undefined;
  /** A repository of the same registry that probably has the layers. */
  readonly mountFrom?: string | undefined;
  readonly onTransfer?: OnTransfer | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RegistryPushResult {
  readonly digest: string;
  /** Whether the image was there already. */
  readonly wasThere: boolean;
}

/**
 * Makes the image of an app and sends it.
 * @throws WhorlError as the manifest, the files or the registry give reason.
 */
export async function registryPush(
  options: RegistryPushOptions,
  session: RegistrySession,
): Promise<RegistryPushResult> {
  const { to, mountFrom, onTransfer, signal } = options;
  const target = parseImageTarget(to);
  if (mountFrom !== undefined && !isRepository(mountFrom)) {
    const advice = "name one of the same registry, without its host, like me/shop";
    throw new WhorlError("usage", `"${mountFrom}" is no repository to mount from; ${advice}`);
  }
  const making = buildImage(options, session);
  if (target.kind === "registry") {
    const { client } = session;
    const sending = { client, mountFrom, onTransfer, signal };
    const { wasThere } = await pushImage(making, target.reference, sending);
    return { digest: (await making).digest, wasThere };
  }
  const image = await making;
  const { digest } = image;
  const write = target.kind === "folder" ? writeLayoutFolder : writeLayoutArchive;
  await write(target.path, image, target.tag);
  return { digest, wasThere: false };
}

async function buildImage(
  options: RegistryPushOptions,
  session: RegistrySession,
): Promise<BuiltImage> {
  const { from, format, load, annotations, archives, created, onTransfer, signal } = options;
  const source = await imageToRun(from);
  if (source !== undefined) {
    return toBuiltImage(await obtainImage(source, session, { onTransfer, signal }));
  }
  if (extname(from) === ".wasm") return buildComponent(from, options);
  const found = await stat(from).catch((error: unknown) => {
    throw new WhorlError("file", `${from} cannot be read: ${errorText(error)}`, { cause: error });
  });
  const manifest = found.isDirectory() ? join(from, "spin.toml") : from;
  const { store } = session;
  // The parser and the schema of manifests take long to load, and an image that is sent on needs
  // neither.
  const { buildAppImage } = await import("../../runtime/app/locked-app-build.ts");
  return buildAppImage(resolve(manifest), { store, format, load, annotations, archives, created });
}

async function buildComponent(
  path: string,
  { annotations, created }: RegistryPushOptions,
): Promise<BuiltImage> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new WhorlError("file", `cannot read ${path}: ${errorText(error)}`, { cause: error });
  });
  const { decodeComponent } = await import("../../runtime/component/decode.ts");
  const { definitions } = decodeComponent(new Uint8Array(bytes));
  const namesOf = (kind: "import" | "export"): string[] =>
    definitions.flatMap((each) => (each.kind === kind ? [each.name] : []));
  return buildComponentArtifact(resolve(path), {
    imports: namesOf("import"),
    exports: namesOf("export"),
    annotations,
    created,
  });
}

import { parseLockedApp } from "../../runtime/app/locked-app.ts";
import type { LockedApp } from "../../runtime/image/locked-document.ts";
import { imageForm, readImageContents } from "../../runtime/image/image-contents.ts";
import type { ImageForm } from "../../runtime/image/image-contents.ts";
import type { StoredImage } from "../../runtime/image/image.ts";
import { parseJsonObject } from "../../runtime/image/manifest.ts";
import type { Descriptor } from "../../runtime/image/manifest.ts";
import { formatBytes } from "./registry-progress.ts";
import { obtainImage } from "./registry-source.ts";
import type { ObtainOptions } from "./registry-source.ts";
import type { RegistrySession } from "./registry-session.ts";
import { parseImageTarget } from "./registry-target.ts";

/** What `whorl image inspect` tells; as JSON it is this object. */
export interface ImageDescription {
  readonly name: string;
  readonly digest: string;
  readonly form: ImageForm;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly platform: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly layers: readonly Descriptor[];
  /** Of a Spin application. */
  readonly app: LockedApp | undefined;
  /** Of an ordinary image: its manifest or component. */
  readonly entrypoint: string | undefined;
}

/**
 * Describes an image, after bringing it here.
 * @throws WhorlError `registry`, `image`, `limit` or `file`.
 */
export async function inspectImage(
  name: string,
  session: RegistrySession,
  options: ObtainOptions = {},
): Promise<ImageDescription> {
  const image = await obtainImage(parseImageTarget(name), session, options);
  const { manifest, digest, store } = image;
  const config = parseJsonObject(await store.read(manifest.config), `${name}: configuration`);
  const { os, architecture } = config as { readonly os?: unknown; readonly architecture?: unknown };
  return {
    name: image.name,
    digest,
    form: imageForm(image),
    mediaType: manifest.mediaType,
    sizeBytes: manifest.layers.reduce((total, { size }) => total + size, manifest.config.size),
    platform: [os, architecture].filter((each) => typeof each === "string").join("/"),
    annotations: manifest.annotations,
    layers: manifest.layers,
    ...(await describeContents(image)),
  };
}

async function describeContents(
  image: StoredImage,
): Promise<Pick<ImageDescription, "app" | "entrypoint">> {
  const contents = await readImageContents(image);
  switch (contents.kind) {
    case "spin":
      return { app: parseLockedApp(contents.locked, image.name), entrypoint: undefined };
    case "component":
      return { app: undefined, entrypoint: undefined };
    case "container":
      return { app: undefined, entrypoint: `/${contents.entrypoint}` };
  }
}

/** The description for people. */
export function formatDescription(description: ImageDescription): string {
  const { name, digest, form, platform, annotations, layers, app, entrypoint } = description;
  const lines = [
    `Name:      ${name}`,
    `Digest:    ${digest}`,
    `Form:      ${formNames[form]}`,
    `Platform:  ${platform}`,
    `Size:      ${formatBytes(description.sizeBytes)}`,
  ];
  if (entrypoint !== undefined) lines.push(`Starts:    ${entrypoint}`);
  for (const [key, value] of Object.entries(annotations)) {
    lines.push(`Note:      ${key}=${withoutControls(value)}`);
  }
  if (app !== undefined) lines.push(...describeApp(app));
  lines.push("Layers:");
  for (const { digest: layer, size, mediaType } of layers) {
    lines.push(
      `  ${layer.slice(0, 19)}  ${formatBytes(size).padStart(10)}  ${withoutControls(mediaType)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

const formNames: Readonly<Record<ImageForm, string>> = {
  spin: "Spin application",
  component: "package of one component",
  container: "ordinary image",
};

function describeApp({ components, triggers, variables = {} }: LockedApp): string[] {
  const lines = ["Components:"];
  for (const { id, files = [] } of components) {
    lines.push(`  ${withoutControls(id)}${files.length > 0 ? ` (${files.length} files)` : ""}`);
  }
  lines.push("Triggers:");
  for (const { id, trigger_type: type, trigger_config: config } of triggers) {
    const { route } = config as { readonly route?: unknown };
    const where = typeof route === "string" ? ` ${route}` : "";
    lines.push(`  ${withoutControls(`${type}${where} (${id})`)}`);
  }
  const required = Object.entries(variables).filter(([, each]) => each.default === undefined);
  if (required.length > 0) {
    lines.push(`Needs variables: ${withoutControls(required.map(([name]) => name).join(", "))}`);
  }
  return lines;
}

/** What a stranger wrote must not move the cursor. */
function withoutControls(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "?").slice(0, 200);
}

import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { App } from "../../runtime/app/app.ts";
import { loadApp } from "../../runtime/app/load-app.ts";
import { loadRuntimeConfig } from "../../runtime/app/load-runtime-config.ts";
import { unpackImageApp } from "../../runtime/app/locked-app-image.ts";
import { ContentStore } from "../../runtime/image/content-store.ts";
import { parseDigest } from "../../runtime/image/digest.ts";
import { parseManifest } from "../../runtime/image/manifest.ts";
import { prepareComponent } from "../../runtime/prepare/prepare.ts";
import { type Engine, openEngine } from "../../runtime/trigger/engine.ts";
import { startApp } from "../../runtime/trigger/start-app.ts";
import { ShimError } from "../error.ts";
import { version } from "../version.ts";
import { copyApp } from "./copy-app.ts";
import { type PreparedImage, preparedImageFile } from "./prepared-image.ts";

/**
 * Unpacks the app in an image's folder, or the one at a path, and prepares its components there. Snapshots may still be
 * written when it settles: they are there when this process has nothing left to do.
 * @throws WhorlError for an image that cannot be run
 */
export async function prepareImage(folder: string, source?: string): Promise<PreparedImage> {
  const path = await (source === undefined ? unpack(folder) : copyApp(source, folder));
  const app = await loadApp(path);
  const cacheDirectory = join(folder, preparedImageFile.components);
  mkdirSync(cacheDirectory, { mode: 0o755 });
  using engine = openEngine({ cacheDirectory, version, onWarning: () => undefined });
  for (const { sourcePath } of app.components.values()) {
    const bytes = new Uint8Array(readFileSync(sourcePath));
    await prepareComponent(bytes, { cache: engine.cache });
  }
  // Whatever this needs and does not have here, the hosts do for themselves.
  await keepSnapshots(app, engine, folder).catch(() => undefined);
  return { entry: relative(folder, path) };
}

/** Lets the hosts read what was prepared; the last step, by which the image counts as prepared. */
export function publishImage(folder: string, image: PreparedImage): void {
  const cacheDirectory = join(folder, preparedImageFile.components);
  // The cache lets nobody else read; its readers are other users.
  chmodSync(cacheDirectory, 0o755);
  for (const name of readdirSync(cacheDirectory)) chmodSync(join(cacheDirectory, name), 0o644);
  writeFileSync(join(folder, preparedImageFile.output), JSON.stringify(image));
}

async function unpack(folder: string): Promise<string> {
  const input = JSON.parse(readFileSync(join(folder, preparedImageFile.input), "utf8")) as {
    readonly name: string;
    readonly digest: string;
    readonly mediaType: string;
  };
  const { name, mediaType } = input;
  const store = await ContentStore.open(folder);
  const digest = parseDigest(input.digest, name);
  const bytes = await store.read({ digest });
  const parsed = parseManifest(bytes, mediaType, name);
  if (parsed.kind === "index") throw new ShimError("invalid_argument", `${name} is an index`);
  const { path } = await unpackImageApp({ store, name, digest, bytes, manifest: parsed.manifest });
  return path;
}

/**
 * Starts the app as if for requests, which makes the first instance of each component and keeps
 * what its memory is like then. No instance is given anything, and nothing is listened to outside:
 * this process has a network of its own.
 */
async function keepSnapshots(app: App, engine: Engine, folder: string): Promise<void> {
  const runtimeConfig = await loadRuntimeConfig(undefined, {
    workingDirectory: folder,
    appDirectory: folder,
    stateDirectory: join(folder, "state"),
  });
  const variables = new Map([...app.variables.keys()].map((name) => [name, ""]));
  const nothing = (): void => undefined;
  const running = await startApp(
    { ...app, eventTriggers: [] },
    {
      ...{ runtimeConfig, variables, processEnvironment: {}, environment: [], engine },
      listen: { host: "0.0.0.0", port: 0 },
      onGuestLine: nothing,
      onWarning: nothing,
      onError: nothing,
    },
  );
  await running.close();
}

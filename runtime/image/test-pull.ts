import { mkdtempSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WhorlError } from "../error.ts";
import { ContentStore } from "./content-store.ts";
import { fixedCredentials } from "./credential-source.ts";
import type { StoredImage } from "./image.ts";
import { mediaTypes } from "./media-types.ts";
import { pullImage } from "./pull-image.ts";
import { parseReference } from "./reference.ts";
import { RegistryClient } from "./registry-client.ts";
import { startTestRegistry } from "./test-registry.ts";
import type { Behaviour, TestRegistry } from "./test-registry.ts";
import type { TransferEvent } from "./transfer-progress.ts";

/** The layer of every image of a {@link PullBench}. */
export const layerBytes: Buffer = Buffer.alloc(300_000, "layer ");

export interface PullSetup {
  readonly name?: string;
  readonly onTransfer?: (event: TransferEvent) => void;
  readonly signal?: AbortSignal;
  readonly idleMsMax?: number;
}

/** A registry with an image, and a store to pull it into. */
export interface PullBench extends AsyncDisposable {
  readonly registry: TestRegistry;
  /** Pauses between attempts, in milliseconds; they take no time here. */
  readonly pauses: number[];
  /** Adds an image `app:v1` of one layer, with what the test wants to be wrong. */
  addImage(changes?: { readonly layer?: object; readonly manifest?: object }): string;
  pull(setup?: PullSetup): Promise<StoredImage>;
  /** Why the pull was refused. */
  failure(setup?: PullSetup): Promise<WhorlError>;
  /** Blobs in the store, and pieces of blobs. */
  stored(): Promise<{ blobs: number; pieces: number }>;
}

/** The user is ann, her password is secret. */
export async function createPullBench(): Promise<PullBench> {
  const registry = await startTestRegistry();
  const folder = mkdtempSync(join(tmpdir(), "whorl-pull-"));
  const pauses: number[] = [];
  const pull = async (setup: PullSetup = {}): Promise<StoredImage> => {
    const { name = "app:v1", onTransfer, signal, idleMsMax } = setup;
    const pace = { random: () => 0, sleep: (ms: number) => Promise.resolve(void pauses.push(ms)) };
    const options = { insecure: true, credentials, pace, idleMsMax };
    await using client = await RegistryClient.create(options);
    const store = await ContentStore.open(folder);
    const reference = parseReference(`${registry.host}/${name}`);
    return await pullImage(reference, { client, store, machine: "amd64", onTransfer, signal });
  };
  return {
    registry,
    pauses,
    pull,
    addImage: (changes = {}) => addImage(registry, changes),
    async failure(setup) {
      const error: unknown = await pull(setup).catch((reason: unknown) => reason);
      if (!(error instanceof WhorlError)) throw new Error("not refused", { cause: error });
      return error;
    },
    async stored() {
      const blobs = await readdir(join(folder, "blobs", "sha256"));
      return { blobs: blobs.length, pieces: (await readdir(join(folder, "ingest"))).length };
    },
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

const credentials = fixedCredentials({ kind: "password", username: "ann", password: "secret" });

function addImage(
  registry: TestRegistry,
  changes: { readonly layer?: object; readonly manifest?: object },
): string {
  const layer = {
    mediaType: mediaTypes.spinData,
    ...registry.addBlob(layerBytes),
    ...changes.layer,
  };
  const config = { mediaType: mediaTypes.ociConfig, ...registry.addBlob(Buffer.from("{}")) };
  return registry.addManifest("v1", {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config,
    layers: [layer],
    ...changes.manifest,
  });
}

/** Acts on requests for blobs only. */
export function onBlob(act: Behaviour): Behaviour {
  return (request, response) => request.url?.includes("/blobs/") === true && act(request, response);
}

/** Acts the first times, then leaves it to the registry. */
export function times(count: number, act: Behaviour): Behaviour {
  let left = count;
  return (request, response) => {
    if (left === 0 || !act(request, response)) return false;
    left--;
    return true;
  };
}

/** Answers without looking at the request. */
export function answers(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body = "",
): Behaviour {
  return (_request, response) => {
    response.writeHead(status, headers).end(body);
    return true;
  };
}

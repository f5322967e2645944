import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WhorlError } from "../error.ts";
import { loadApp } from "./load-app.ts";

/** Why a manifest was refused. */
export interface ManifestProblemLines {
  readonly code: string;
  /** Lines of the message; the manifest is called `spin.toml` in them. */
  readonly lines: readonly string[];
}

/** An app directory for tests of refused manifests, with `a.wasm` and `assets/x.txt`. */
export interface ManifestDirectory extends AsyncDisposable {
  readonly path: string;
  /** @throws Error if the manifest is not refused. */
  problemsOf(toml: string): Promise<ManifestProblemLines>;
}

/** Parts of a manifest without mistakes, in this order: lines 1-2, 3-5 and 6-7. */
export const manifestParts = {
  head: 'spin_manifest_version = 2\napplication.name = "x"\n',
  trigger: '[[trigger.http]]\nroute = "/..."\ncomponent = "a"\n',
  component: '[component.a]\nsource = "a.wasm"\n',
} as const;

/** Makes a new directory; disposing removes it. */
export async function createManifestDirectory(): Promise<ManifestDirectory> {
  const directory = await mkdtemp(join(tmpdir(), "whorl-test-"));
  const manifest = join(directory, "spin.toml");
  await writeFile(join(directory, "a.wasm"), "");
  await mkdir(join(directory, "assets"));
  await writeFile(join(directory, "assets", "x.txt"), "");
  return {
    path: directory,
    async problemsOf(toml) {
      await writeFile(manifest, toml);
      const error: unknown = await loadApp(directory).catch((reason: unknown) => reason);
      if (!(error instanceof WhorlError)) throw new Error("not refused", { cause: error });
      const lines = error.message.replaceAll(manifest, "spin.toml").split("\n");
      return { code: error.code, lines };
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

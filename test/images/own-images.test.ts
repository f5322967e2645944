/** The images of operator and agent, as `npm run image` makes them. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  buildImage,
  type FinishedImage,
  projectVersion,
  writeImage,
} from "../../deploy/image/build-image.ts";
import type { LockedDebianPackage } from "../../deploy/image/debian-libraries.ts";
import { platforms } from "../../deploy/image/platform.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { skopeo } from "./skopeo.ts";

const lock = new URL("../../deploy/image/debian-lock.json", import.meta.url);
const locked = JSON.parse(readFileSync(lock, "utf8")) as LockedDebianPackage[];
const version = projectVersion();

interface Index {
  readonly manifests: readonly {
    readonly digest: string;
    readonly platform: { readonly os: string; readonly architecture: string };
  }[];
}

interface Bill {
  readonly packages: readonly {
    readonly name: string;
    readonly versionInfo: string;
    readonly checksums?: readonly { readonly checksumValue: string }[];
  }[];
}

interface Statement {
  readonly subject: readonly { readonly digest: { readonly sha256: string } }[];
  readonly predicate: {
    readonly buildDefinition: {
      readonly resolvedDependencies: readonly { readonly uri: string; readonly digest: object }[];
    };
  };
}

describe.each(["operator", "agent"] as const)("the image of the %s", (name) => {
  const options = { name, version, locked, base: "newer" } as const;
  let folder: TemporaryFolder;
  let image: FinishedImage;
  let manifests: Index["manifests"];

  beforeAll(async () => {
    folder = new TemporaryFolder({});
    image = await buildImage({ ...options, platforms });
    writeImage(folder.path, name, image);
    const raw = skopeo("inspect", "--raw", `oci:${folder.file(name)}:${version}`);
    ({ manifests } = JSON.parse(raw) as Index);
  });

  afterAll(() => folder[Symbol.dispose]());

  function read<T>(file: string): T {
    return JSON.parse(readFileSync(folder.file(file), "utf8")) as T;
  }

  test("is the same, byte for byte, when it is built again", async () => {
    const again = await buildImage({ ...options, platforms: platforms.slice(0, 1) });
    const { amd64 } = image.index.platforms;
    expect(amd64).toMatch(/^sha256:/u);
    expect(again.index.platforms).toEqual({ amd64 });
  });

  test("is there for both platforms, and a second reader finds it whole", () => {
    expect(manifests.map(({ platform: { os, architecture } }) => `${os}/${architecture}`)).toEqual([
      "linux/amd64",
      "linux/arm64",
    ]);
    // Reads every blob, and compares its digest.
    for (const { platform } of manifests) {
      const target = `oci:${folder.file(`copied-${platform.architecture}`)}:1`;
      const source = `oci:${folder.file(name)}:${version}`;
      skopeo("copy", `--override-arch=${platform.architecture}`, "--quiet", source, target);
      const config = JSON.parse(skopeo("inspect", "--config", target)) as { architecture: string };
      expect(config.architecture).toBe(platform.architecture);
    }
  });

  test.each(platforms)("has a bill of materials for $architecture", ({ architecture }) => {
    const { packages } = read<Bill>(`${name}-${architecture}.spdx.json`);
    const digest = manifests.find(({ platform }) => platform.architecture === architecture)?.digest;
    const names = packages.map((each) => each.name);
    expect(`sha256:${packages[0]?.checksums?.[0]?.checksumValue}`).toBe(digest);
    expect(names).toEqual(expect.arrayContaining([`whorl-${name}`, "node", "libc6", "pino"]));
    for (const { versionInfo } of packages) expect(versionInfo).not.toBe("");
  });

  test.each(platforms)("says for $architecture what it was made of, and how", (platform) => {
    const { architecture, nodePackage } = platform;
    const { subject, predicate } = read<Statement>(`${name}-${architecture}.provenance.json`);
    const digest = manifests.find((each) => each.platform.architecture === architecture)?.digest;
    expect(subject.map((each) => `sha256:${each.digest.sha256}`)).toEqual([digest]);
    const { resolvedDependencies } = predicate.buildDefinition;
    const found = resolvedDependencies.map(({ uri }) => uri.replace(/@.*/u, ""));
    expect(found).toEqual(
      expect.arrayContaining(["git+whorl", "pkg:deb/debian/libc6", `pkg:npm/${nodePackage}`]),
    );
  });
});

/** What runtime-class-manager does on a node, with our archive: one file, and lines of its own. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { platforms } from "../../deploy/image/platform.ts";
import {
  archNames,
  buildShimArchives,
  type ShimArchive,
  shimNames,
  shimResource,
} from "../../deploy/shim-archive/shim-archive.ts";
import { containerdReleases, type ContainerdRelease } from "../servers/containerd-configuration.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { fetchText, TestNode } from "./test-node.ts";

const http = { name: "http", image: "localhost/http:1" };
const cache = fileURLToPath(new URL("../../.cache/image", import.meta.url));
const domains = { "2.4": "io.containerd.cri.v1.runtime", "1.7": "io.containerd.grpc.v1.cri" };

let folder: TemporaryFolder;
let archive: ShimArchive;

beforeAll(async () => {
  folder = new TemporaryFolder({});
  const own = platforms.filter(({ nodeArch }) => nodeArch === process.arch);
  const [built] = await buildShimArchives(own, cache);
  if (built === undefined) throw new Error(`nothing is built for ${process.arch}`);
  archive = built;
  writeFileSync(folder.file(archive.name), archive.bytes);
  mkdirSync(folder.file("unpacked"));
  const args = ["-xzf", folder.file(archive.name), "-C", folder.file("unpacked")];
  const { status, stderr } = spawnSync("tar", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
});

afterAll(() => folder[Symbol.dispose]());

test("the resource names the archive and its digest", () => {
  const resource = shimResource([archive], { location: "https://example.com/a/", name: "spin-v2" });
  expect(resource).toMatchObject({
    metadata: { name: "spin-v2" },
    spec: {
      fetchStrategy: {
        platforms: [
          {
            os: "linux",
            arch: archNames[archive.platform.architecture],
            location: `https://example.com/a/${archive.name}`,
            sha256: createHash("sha256").update(archive.bytes).digest("hex"),
          },
        ],
      },
      runtimeClass: { name: "wasmtime-spin-v2", handler: "spin-v2" },
    },
  });
  expect(readdirSync(folder.file("unpacked")).toSorted()).toEqual(
    shimNames.map((name) => `containerd-shim-${name}`).toSorted(),
  );
});

describe.each(Object.keys(containerdReleases) as ContainerdRelease[])(
  "containerd %s",
  (release) => {
    test("runs pods under the name of the resource", async () => {
      await using node = await TestNode.start(release, { shimFolder: folder.file("nothing") });
      const { containerd } = node;
      const bin = join(containerd.folder, "rcm/bin");
      mkdirSync(bin, { recursive: true });
      for (const name of shimNames) {
        const shim = join(bin, `containerd-shim-${name}`);
        copyFileSync(join(folder.file("unpacked"), `containerd-shim-${name}`), shim);
        appendFileSync(
          join(containerd.folder, "config.toml"),
          `\n[plugins."${domains[release]}".containerd.runtimes.${name}]\nruntime_type = "${shim}"\n`,
        );
      }
      await containerd.killServer();
      await containerd.startServer();
      // Both names at once: only one of them unpacks.
      const pods = await Promise.all(shimNames.map((handler) => containerd.runPod({ handler })));
      await Promise.all(pods.map((pod) => containerd.startContainer(pod, http)));
      for (const { ip } of pods) {
        expect(await fetchText(`http://${ip}/`)).toBe("Hello from Whorl\n");
      }
      const trees = readdirSync(join(bin, ".whorl")).filter((name) => name !== "lock");
      expect(trees).toHaveLength(1);
      await Promise.all(pods.map((pod) => containerd.removePod(pod)));
    });
  },
);

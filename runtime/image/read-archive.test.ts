import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { pack } from "tar-stream";
import type { Header } from "tar-stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WhorlError } from "../error.ts";
import { ContentStore } from "./content-store.ts";
import { sha256Digest } from "./digest.ts";
import { readImageContents } from "./image-contents.ts";
import type { ImageContents } from "./image-contents.ts";
import { encodeManifest } from "./manifest.ts";
import { mediaTypes } from "./media-types.ts";
import { fullBudget, readArchive } from "./read-archive.ts";
import type { Compression } from "./read-archive.ts";
import { packFiles } from "./write-archive.ts";

type Entry = Partial<Header> & { readonly name: string; readonly text?: string };

let folder: string;
let store: ContentStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "whorl-archive-"));
  store = await ContentStore.open(join(folder, "store"));
});

afterEach(() => rmSync(folder, { recursive: true }));

async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const { text, ...header } of entries) {
    if (text === undefined) tar.entry({ size: 0, ...header });
    else tar.entry(header, text);
  }
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

async function list(
  bytes: Buffer,
  compression: Compression,
  budget = fullBudget(),
): Promise<string[]> {
  const path = join(folder, "archive");
  writeFileSync(path, bytes);
  const found: string[] = [];
  for await (const entry of readArchive({ path, name: "archive", compression, budget })) {
    let text = "";
    if (entry.kind === "file")
      for await (const chunk of entry.body) text += Buffer.from(chunk).toString();
    found.push(`${entry.kind} ${entry.path} ${text}`.trim());
  }
  return found;
}

async function failure(work: Promise<unknown>): Promise<WhorlError> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  if (!(error instanceof WhorlError)) throw new Error("not refused", { cause: error });
  return error;
}

describe("readArchive", () => {
  test.each([
    { compression: "none", change: (bytes: Buffer) => bytes },
    { compression: "gzip", change: (bytes: Buffer) => gzipSync(bytes) },
    { compression: "zstd", change: (bytes: Buffer) => zstdCompressSync(bytes) },
  ] as const)("reads entries, compression $compression", async ({ compression, change }) => {
    const bytes = await tarOf([
      { name: "./a/", type: "directory" },
      { name: "./a/b.txt", text: "hello" },
      { name: "/abs.txt", text: "x".repeat(100_000) },
      { name: "link", type: "symlink", linkname: "/etc/passwd" },
    ]);
    expect(await list(change(bytes), compression)).toEqual([
      "directory a",
      "file a/b.txt hello",
      `file abs.txt ${"x".repeat(100_000)}`,
      "symlink link",
    ]);
  });

  test.each(["../x", "a/../../x", "a/..", "/../x", "a\\/../x"])(
    "refuses the path %s",
    async (name) => {
      const error = await failure(
        tarOf([{ name, text: "x" }]).then((bytes) => list(bytes, "none")),
      );
      expect(error.code).toBe("image");
      expect(error.message).toMatch(/leads out of it/);
    },
  );

  test("refuses a hard link out of the archive", async () => {
    const bytes = await tarOf([{ name: "x", type: "link", linkname: "../../etc/passwd" }]);
    expect((await failure(list(bytes, "none"))).message).toMatch(/leads out of it/);
  });

  test("stops a bomb at the budget of bytes", async () => {
    const bomb = gzipSync(await tarOf([{ name: "zeros", text: "\0".repeat(5_000_000) }]));
    expect(bomb.length).toBeLessThan(10_000);
    const error = await failure(list(bomb, "gzip", { bytes: 1_000_000, entries: 10 }));
    expect(error).toMatchObject({ code: "limit" });
    expect(error.message).toMatch(/unpacks to too much/);
  });

  test("stops at the budget of entries", async () => {
    const bytes = await tarOf(Array.from({ length: 11 }, (_, at) => ({ name: `${at}`, text: "" })));
    expect((await failure(list(bytes, "none", { bytes: 1e9, entries: 10 }))).code).toBe("limit");
  });

  test.each([
    { what: "no gzip", bytes: () => Promise.resolve(Buffer.from("hello")) },
    {
      what: "half a gzip",
      bytes: async () =>
        gzipSync(await tarOf([{ name: "a", text: "b".repeat(9000) }])).subarray(0, 40),
    },
    {
      what: "half a tar",
      bytes: async () =>
        gzipSync((await tarOf([{ name: "a", text: "b".repeat(9000) }])).subarray(0, 3000)),
    },
    { what: "a tar of noise", bytes: () => Promise.resolve(gzipSync(Buffer.alloc(4096, 7))) },
  ])("refuses $what", async ({ bytes }) => {
    const error = await failure(bytes().then((content) => list(content, "gzip")));
    expect(error.code).toBe("image");
    expect(error.message).toMatch(/broken archive/);
  });
});

test("packFiles gives the same bytes whatever the order", async () => {
  const file = (path: string, text: string): Parameters<typeof packFiles>[0][number] => {
    const bytes = Buffer.from(text);
    return {
      path,
      size: bytes.length,
      digest: sha256Digest(bytes),
      content: { kind: "bytes", bytes },
    };
  };
  const files = [file("b/c.txt", "c"), file("a.txt", "a")];
  const packed = await packFiles(files, store);
  expect(await packFiles(files.toReversed(), store)).toEqual(packed);
  expect(await list(await store.read(packed), "gzip")).toEqual([
    "file a.txt a",
    "directory b",
    "file b/c.txt c",
  ]);
});

interface Layer {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

async function contentsOf(layers: readonly Layer[], config: object = {}): Promise<ImageContents> {
  const described = [];
  for (const { mediaType, bytes } of layers) {
    described.push({ mediaType, ...(await store.add(bytes)) });
  }
  const configBlob = await store.add(Buffer.from(JSON.stringify(config)));
  const manifest = {
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, ...configBlob },
    layers: described,
    annotations: {},
  };
  const bytes = encodeManifest(manifest);
  return readImageContents({ store, name: "image", digest: sha256Digest(bytes), manifest, bytes });
}

async function layer(...entries: Entry[]): Promise<Layer> {
  return { mediaType: mediaTypes.ociLayerGzip, bytes: gzipSync(await tarOf(entries)) };
}

const startsWasm = { config: { Entrypoint: ["/bin/app.wasm"] } };

describe("readImageContents of an ordinary image", () => {
  test("lays layers over each other", async () => {
    const contents = await contentsOf(
      [
        await layer(
          { name: "bin/app.wasm", text: "old" },
          { name: "gone.txt", text: "x" },
          { name: "dir/one", text: "1" },
          { name: "dir/two", text: "2" },
        ),
        await layer(
          { name: ".wh.gone.txt", text: "" },
          { name: "dir/.wh..wh..opq", text: "" },
          { name: "dir/three", text: "3" },
          { name: "bin/app.wasm", text: "new" },
          { name: "hard", type: "link", linkname: "dir/three" },
          { name: "soft", type: "symlink", linkname: "bin/app.wasm" },
          { name: "out", type: "symlink", linkname: "../../../../etc/passwd" },
          { name: "loop", type: "symlink", linkname: "loop" },
        ),
      ],
      startsWasm,
    );
    if (contents.kind !== "container") throw new Error(contents.kind);
    const texts: Record<string, string> = {};
    for (const [path, blob] of contents.files) texts[path] = (await store.read(blob)).toString();
    expect(texts).toEqual({ "dir/three": "3", "bin/app.wasm": "new", hard: "3", soft: "new" });
    expect(contents.entrypoint).toBe("bin/app.wasm");
  });

  test.each([
    { name: "spin.toml", config: {}, entrypoint: "spin.toml" },
    { name: "spin.toml", config: { config: { Entrypoint: ["/bin/sh"] } }, entrypoint: "spin.toml" },
    { name: "app.wasm", config: { config: { Cmd: ["app.wasm"] } }, entrypoint: "app.wasm" },
    {
      name: "w/a.wasm",
      config: { config: { WorkingDir: "/w", Entrypoint: ["a.wasm"] } },
      entrypoint: "w/a.wasm",
    },
  ])("finds $entrypoint with $config", async ({ name, config, entrypoint }) => {
    const contents = await contentsOf([await layer({ name, text: "x" })], config);
    expect(contents).toMatchObject({ kind: "container", entrypoint });
  });

  test.each([
    {
      what: "no app",
      layers: () => layer({ name: "bin/sh", text: "x" }),
      message: /ordinary image without \/spin.toml/,
    },
    {
      what: "a bad path",
      layers: () => layer({ name: "../x", text: "x" }),
      message: /leads out of it/,
    },
    {
      what: "a link to nothing",
      layers: () => layer({ name: "x", type: "link", linkname: "y" }),
      message: /link to y, which is not there/,
    },
    {
      what: "an unknown layer",
      layers: () => Promise.resolve({ mediaType: "text/plain", bytes: Buffer.from("x") }),
      message: /is no app: its layers are text\/plain/,
    },
  ])("refuses $what", async ({ layers, message }) => {
    expect((await failure(layers().then((one) => contentsOf([one])))).message).toMatch(message);
  });
});

describe("readImageContents of an archive of a Spin application", () => {
  const locked = { mediaType: mediaTypes.spinApplication, bytes: Buffer.from("{}") };
  async function archive(...entries: Entry[]): Promise<Layer> {
    return { mediaType: mediaTypes.spinArchive, bytes: gzipSync(await tarOf(entries)) };
  }

  test("finds files by what they contain", async () => {
    const contents = await contentsOf([
      await archive({ name: "./", type: "directory" }, { name: "./a/b", text: "content" }),
      locked,
    ]);
    if (contents.kind !== "spin") throw new Error(contents.kind);
    expect(contents.contents.has(sha256Digest(Buffer.from("content")))).toBe(true);
  });

  test.each([
    {
      what: "a path out of it",
      entries: [{ name: "../a", text: "x" }],
      message: /leads out of it/,
    },
    {
      what: "a symbolic link",
      entries: [{ name: "a", type: "symlink", linkname: "/etc" }],
      message: /"a" is a symlink/,
    },
    {
      what: "a hard link",
      entries: [
        { name: "a", text: "x" },
        { name: "b", type: "link", linkname: "a" },
      ],
      message: /"b" is a hardlink/,
    },
    {
      what: "a device",
      entries: [{ name: "a", type: "character-device" }],
      message: /"a" is a special file/,
    },
    {
      what: "a file twice",
      entries: [
        { name: "a", text: "x" },
        { name: "./a", text: "y" },
      ],
      message: /has "a" twice/,
    },
  ] as const)("refuses $what", async ({ entries, message }) => {
    const error = await failure(archive(...entries).then((one) => contentsOf([one, locked])));
    expect(error.code).toBe("image");
    expect(error.message).toMatch(message);
  });
});

test("a package of two components is refused", async () => {
  const wasm = { mediaType: mediaTypes.wasm, bytes: Buffer.from("a") };
  const error = await failure(contentsOf([wasm, { ...wasm, bytes: Buffer.from("b") }]));
  expect(error.message).toMatch(/package of one component, but has 2 layers/);
});

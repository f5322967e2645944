import { gunzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { TemporaryFolder } from "../../test/temporary-folder.ts";
import { type LayerEntry, packLayer, sha256 } from "./layer.ts";

const cache = new TemporaryFolder({});
afterAll(() => cache[Symbol.dispose]());

const entries: readonly LayerEntry[] = [
  { path: "/bin/tool", content: "run", mode: 0o755 },
  { path: "/bin/link", linkTo: "tool" },
  { path: "/etc/name", content: "text" },
];

/** Names, types and modes of a tar archive: ustar headers of 512 bytes. */
function headers(tar: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at < tar.length && tar[at] !== 0;) {
    const text = (from: number, to: number): string =>
      tar.toString("latin1", at + from, at + to).replace(/\0.*$/s, "");
    const size = Number.parseInt(text(124, 136), 8);
    found.push(
      `${text(156, 157)} ${text(100, 108).trim()} ${text(0, 100)} ${text(157, 257)}`.trim(),
    );
    expect(Number.parseInt(text(136, 148), 8), "no time").toBe(0);
    expect(text(108, 124).replaceAll(/[0\s]/g, ""), "owned by root").toBe("");
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return found;
}

test("a layer has folders before their files, owned by root and of no time", async () => {
  const { bytes, digest, diffId } = await packLayer(entries, cache.path);
  const tar = gunzipSync(bytes);
  expect(headers(tar)).toEqual([
    "5 000755 bin/",
    "2 000777 bin/link tool",
    "0 000755 bin/tool",
    "5 000755 etc/",
    "0 000644 etc/name",
  ]);
  expect(digest).toBe(sha256(bytes));
  expect(diffId).toBe(sha256(tar));
});

test("the same entries in another order are the same layer, also from the cache", async () => {
  using fresh = new TemporaryFolder({});
  const first = await packLayer(entries, fresh.path);
  const cached = await packLayer(entries.toReversed(), fresh.path);
  expect(cached).toEqual(first);
});

test("another mode is another layer", async () => {
  const tool: LayerEntry = { path: "/bin/tool", content: "run", mode: 0o644 };
  const changed = await packLayer([tool, ...entries.slice(1)], cache.path);
  expect(changed.digest).not.toBe((await packLayer(entries, cache.path)).digest);
});

import { expect, test } from "vitest";
import { createCaptureIo } from "../capture-io.ts";
import { createTransferProgress, formatBytes } from "./registry-progress.ts";
import type { TransferProgress } from "./registry-progress.ts";
import { parseImageTarget } from "./registry-target.ts";

const [one, two] = [`sha256:${"1".repeat(64)}`, `sha256:${"2".repeat(64)}`] as const;

function transfer({ onTransfer }: TransferProgress): void {
  onTransfer({ kind: "start", digest: one, mediaType: "a", sizeBytes: 3 * 1024 * 1024 });
  onTransfer({ kind: "progress", digest: one, bytes: 1024 * 1024 });
  onTransfer({ kind: "start", digest: two, mediaType: "a", sizeBytes: 10 });
  onTransfer({ kind: "done", digest: two, outcome: "present" });
  onTransfer({ kind: "done", digest: one, outcome: "moved" });
}

test("draws one line on a terminal, a few times a second, and removes it", () => {
  const io = createCaptureIo();
  let time = 0;
  const now = (): number => (time += 60);
  {
    using progress = createTransferProgress({ sink: io.stderr, isTerminal: true, now });
    transfer(progress);
    expect(progress.summary("sent")).toBe("1 blobs sent (3.0 MiB), 1 there already");
  }
  expect(io.written.stderr.split("\r\u001b[K")).toEqual([
    "",
    "[........................] 0 B of 3.0 MiB, 0/1 blobs",
    "[#######.................] 1.0 MiB of 3.0 MiB, 0/2 blobs",
    "[########################] 3.0 MiB of 3.0 MiB, 2/2 blobs",
    "",
  ]);
});

test("draws nothing elsewhere", () => {
  const io = createCaptureIo();
  using progress = createTransferProgress({ sink: io.stderr, isTerminal: false, now: () => 0 });
  transfer(progress);
  expect(io.written.stderr).toBe("");
});

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1536, "1.5 KiB"],
  [12_000_000, "11.4 MiB"],
  [5 * 1024 ** 4, "5120.0 GiB"],
])("formatBytes of %i", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  ["oci:some/folder", { kind: "folder", path: "some/folder", tag: undefined }],
  ["oci:some/folder:v1", { kind: "folder", path: "some/folder", tag: "v1" }],
  ["oci-archive:/x/app.tar:v1", { kind: "archive", path: "/x/app.tar", tag: "v1" }],
])("parseImageTarget of %s", (text, expected) => {
  expect(parseImageTarget(text)).toEqual(expected);
});

test.each(["oci:", "a b", "docker://", "reg.example/APP"])(
  "parseImageTarget refuses %s",
  (text) => {
    expect(() => parseImageTarget(text)).toThrow(/not an image reference/);
  },
);

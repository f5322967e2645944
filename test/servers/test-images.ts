import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ImageContent, ImageEntry } from "./oci-archive.ts";

const apps = fileURLToPath(new URL("../../wasm-apps/", import.meta.url));

/** A root file system with every program of busybox. */
export function busyboxEntries(): readonly ImageEntry[] {
  const applets = spawnSync("/bin/busybox", ["--list"], { encoding: "utf8" }).stdout.split("\n");
  return [
    { path: "bin/busybox", content: readFileSync("/bin/busybox"), mode: 0o755 },
    ...applets
      .filter((name) => name !== "" && name !== "busybox")
      .map((name) => ({ path: `bin/${name}`, linkTo: "busybox" })),
    { path: "etc/passwd", content: "root:x:0:0:root:/:/bin/sh\n" },
    { path: "etc/group", content: "root:x:0:\n" },
  ];
}

/** What a pod's own container runs, an ordinary image with every applet, and apps as images. */
export function testImages(): readonly ImageContent[] {
  const entries = busyboxEntries();
  return [
    { name: "localhost/pause:1", entries, entrypoint: ["/bin/sleep", "1000000"] },
    { name: "localhost/busybox:1", entries, command: ["/bin/sh"] },
    appImage("localhost/hello:1", [
      { path: "spin.toml", content: readFileSync(`${apps}hello-rust/spin.toml`) },
      { path: "hello.wasm", content: readFileSync(`${apps}hello-rust/hello.wasm`) },
    ]),
    appImage("localhost/http:1", [
      { path: "spin.toml", content: readFileSync(`${apps}http-rust/spin.toml`) },
      { path: "http.wasm", content: readFileSync(`${apps}http-rust/http.wasm`) },
      { path: "files/note.txt", content: "a note\n" },
    ]),
  ];
}

/** An image that is an app, as people build them: from scratch, with a manifest in its root. */
export function appImage(name: string, entries: readonly ImageEntry[]): ImageContent {
  return { name, entries, entrypoint: ["/"] };
}

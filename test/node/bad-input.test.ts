import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { TestPod } from "../servers/containerd.ts";
import { appImage } from "../servers/test-images.ts";
import { fetchText, logLines, patience, TestNode } from "./test-node.ts";

const hello = fileURLToPath(new URL("../../wasm-apps/hello-rust/hello.wasm", import.meta.url));
const component = { path: "hello.wasm", content: readFileSync(hello) };
const head = 'spin_manifest_version = 2\napplication.name = "x"\n';
const trigger = '[[trigger.http]]\nroute = "/..."\ncomponent = "a"\n';

let node: TestNode;
let pod: TestPod;
let images = 0;

beforeAll(async () => {
  node = await TestNode.start("2.4");
});

afterAll(() => node[Symbol.asyncDispose]());

beforeEach(async () => {
  pod = await node.containerd.runPod();
});

afterEach(() => node.containerd.removePod(pod));

test.each([
  ["a manifest that is no TOML", "not = [toml", "spin.toml"],
  ["a source that is not there", `${head}${trigger}[component.a]\nsource = "no.wasm"\n`, "no.wasm"],
  ["a source that is no component", `${head}${trigger}[component.a]\nsource = "spin.toml"\n`, "a"],
  [
    "a required variable without a value",
    `${head}[variables]\nneeded = { required = true }\n${trigger}[component.a]\nsource = "hello.wasm"\n`,
    "needed",
  ],
  [
    "an unknown kind of trigger",
    `${head}[[trigger.telepathy]]\ncomponent = "a"\n[component.a]\nsource = "hello.wasm"\n`,
    "telepathy",
  ],
])("%s: the container ends with 1 and says why", async (_name, manifest, reason) => {
  images += 1;
  const image = `localhost/bad-${images}:1`;
  await node.containerd.importImage(
    appImage(image, [{ path: "spin.toml", content: manifest }, component]),
  );
  const id = await node.containerd.startContainer(pod, { name: "bad", image });
  await expect
    .poll(() => node.cri.containerStatus(id), patience)
    .toMatchObject({
      state: "exited",
      exitCode: 1,
    });
  expect(logLines(pod, "bad", "stderr").join("\n")).toContain(reason);
  await node.containerd.startContainer(pod, { name: "good", image: "localhost/hello:1" });
  expect(await fetchText(`http://${pod.ip}/`)).toContain("Hello");
});

import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { buildAppImage } from "../../runtime/app/locked-app-build.ts";
import { buildComponentArtifact } from "../../runtime/image/component-artifact.ts";
import { ContentStore } from "../../runtime/image/content-store.ts";
import { ContainerdApi } from "../../shim/agent/containerd-api.ts";
import { frontService } from "../../shim/front/front-service.ts";
import { TtrpcClient } from "../../shim/ttrpc/client.ts";
import type { TestPod } from "../servers/containerd.ts";
import { containerdReleases, type ContainerdRelease } from "../servers/containerd-configuration.ts";
import { appImage } from "../servers/test-images.ts";
import { writingProgram } from "../servers/writing-program.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { fetchText, logLines, patience, TestNode } from "./test-node.ts";

const httpApp = fileURLToPath(new URL("../../wasm-apps/http-rust/", import.meta.url));
/** What SpinKube's operator writes; the image itself says nothing. */
const command = ["/"];
const spin = { name: "spin", image: "localhost/spin-artifact:1", command };
const component = { name: "component", image: "localhost/component:1", command };

describe.each(Object.keys(containerdReleases) as ContainerdRelease[])(
  "containerd %s",
  (release) => {
    let node: TestNode;
    let pod: TestPod;
    let folder: TemporaryFolder;

    beforeAll(async () => {
      folder = new TemporaryFolder({});
      node = await TestNode.start(release);
      const { containerd } = node;
      await containerd.importArtifact(await spinArtifact(join(httpApp, "spin.toml")), spin.image);
      const interfaces = { imports: [], exports: ["wasi:http/incoming-handler@0.2.0"] };
      const artifact = await buildComponentArtifact(join(httpApp, "http.wasm"), interfaces);
      await containerd.importArtifact(artifact, component.image);
    });

    afterAll(async () => {
      await node[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    });

    beforeEach(async () => {
      pod = await node.containerd.runPod();
    });

    afterEach(() => node.containerd.removePod(pod));

    async function spinArtifact(manifest: string): ReturnType<typeof buildAppImage> {
      const store = await ContentStore.open(folder.file("store"));
      return buildAppImage(manifest, { store, format: "spin" });
    }

    /** Folders of images that are prepared on this node. */
    function preparedImages(): string[] {
      const cache = join(node.containerd.folder, "cache");
      return readdirSync(cache).flatMap((each) =>
        readdirSync(join(cache, each)).map((name) => join(cache, each, name)),
      );
    }

    test("a Spin artifact, with its files", async () => {
      await node.containerd.startContainer(pod, spin);
      expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");
      expect(await fetchText(`http://${pod.ip}/file?name=mounted/note.txt`)).toBe(
        "A file of the host.\n",
      );
    });

    test("a component as wkg pushes it, read-only and beside another app", async () => {
      const environment = { SPIN_HTTP_LISTEN_ADDR: "0.0.0.0:8080" };
      await node.containerd.startContainer(pod, { ...component, environment, isReadOnly: true });
      await node.containerd.startContainer(pod, spin);
      expect(await fetchText(`http://${pod.ip}:8080/`)).toBe("Hello from Whorl\n");
      expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");
    });

    test("is prepared once, and only its preparer could write it", async () => {
      const pods = await Promise.all([1, 2].map(() => node.containerd.runPod()));
      await Promise.all(pods.map((each) => node.containerd.startContainer(each, spin)));
      await Promise.all(pods.map(({ ip }) => fetchText(`http://${ip}/`)));
      const images = preparedImages();
      for (const image of images) {
        expect(readdirSync(join(image, "components")).join()).toContain(".ready.whorl");
        const { uid, mode } = statSync(image);
        expect(uid).toBeGreaterThanOrEqual(1_800_000_000);
        expect(mode & 0o022).toBe(0);
      }
      await Promise.all(pods.map((each) => node.containerd.removePod(each)));
      await node.containerd.startContainer(pod, spin);
      await fetchText(`http://${pod.ip}/`);
      expect(preparedImages()).toEqual(images);
    });

    test("an ordinary image that is an app is prepared before anybody asks for it", async () => {
      const ahead = appImage("localhost/ahead:1", [
        { path: "spin.toml", content: readFileSync(join(httpApp, "spin.toml")) },
        { path: "http.wasm", content: readFileSync(join(httpApp, "http.wasm")) },
        { path: "files/note.txt", content: "another note\n" },
      ]);
      await node.containerd.importImage(ahead);
      expect(await prepare(ahead.name)).toEqual({ result: "prepared" });
      expect(await prepare("localhost/busybox:1")).toEqual({ result: "other" });
      const images = preparedImages();
      await node.containerd.startContainer(pod, { name: "ahead", image: ahead.name });
      const url = `http://${pod.ip}/file?name=mounted/note.txt`;
      expect(await fetchText(url)).toBe("another note\n");
      expect(preparedImages()).toEqual(images);
      expect(node.containerd.ctr("snapshots", "ls")).not.toContain("View");
    });

    /** As the node's agent asks for it. */
    async function prepare(name: string): Promise<unknown> {
      const { folder: place, socket: address } = node.containerd;
      using api = new ContainerdApi(address);
      const [image] = await api.images(name);
      using front = await TtrpcClient.connect(join(place, "whorl/front.sock"));
      const payload = Buffer.from(JSON.stringify({ address, namespace: "k8s.io", image }));
      const { name: service, prepare: method } = frontService;
      return JSON.parse(Buffer.from(await front.call({ service, method, payload })).toString());
    }

    test("an app made of a core module", async () => {
      const manifest = `spin_manifest_version = 2
application.name = "x"
[[trigger.command]]
component = "a"
[component.a]
source = "a.wasm"
`;
      writeFileSync(folder.file("a.wasm"), await writingProgram("out.txt", "text"));
      writeFileSync(folder.file("spin.toml"), manifest);
      const image = "localhost/core:1";
      await node.containerd.importArtifact(await spinArtifact(folder.file("spin.toml")), image);
      const mounts = [{ containerPath: "/data", hostPath: node.sharedFolder() }];
      const id = await node.containerd.startContainer(pod, {
        name: "core",
        image,
        command,
        mounts,
      });
      await expect
        .poll(() => node.cri.containerStatus(id), patience)
        .toMatchObject({ state: "exited", exitCode: 0 });
      expect(readFileSync(join(mounts[0]?.hostPath ?? "", "out.txt"), "utf8")).toBe("text");
    });

    test("an artifact that cannot be run: the container says why", async () => {
      const file = folder.file("broken.wasm");
      writeFileSync(file, Buffer.from("\0asm\x0d\0\x01\0nonsense", "latin1"));
      const image = "localhost/broken:1";
      const artifact = await buildComponentArtifact(file, { imports: [], exports: [] });
      await node.containerd.importArtifact(artifact, image);
      const id = await node.containerd.startContainer(pod, { name: "broken", image, command });
      await expect
        .poll(() => node.cri.containerStatus(id), patience)
        .toMatchObject({ state: "exited", exitCode: 1 });
      expect(logLines(pod, "broken", "stderr").join()).toContain("broken");
      expect(node.containerd.frontLog).toContain("localhost/broken:1");
    });
  },
);

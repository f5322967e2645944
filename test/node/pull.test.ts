/** From our client over a real registry to a pod: containerd itself pulls what we push. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { registryPush } from "../../cli/registry/registry-push.ts";
import { openRegistrySession } from "../../cli/registry/registry-session.ts";
import { containerdReleases, type ContainerdRelease } from "../servers/containerd-configuration.ts";
import {
  type DockerRegistry,
  registryObstacle,
  startDockerRegistry,
} from "../servers/docker-registry.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { fetchText, TestNode } from "./test-node.ts";

const httpApp = fileURLToPath(new URL("../../wasm-apps/http-rust/", import.meta.url));
const plain = { annotations: {}, archives: false } as const;

/** What can be pushed, and what the pod has to say of it. */
const pushes = [
  { name: "app", from: "spin.toml", format: "spin", command: ["/"] },
  { name: "container", from: "spin.toml", format: "container", command: [] },
  { name: "component", from: "http.wasm", format: "spin", command: ["/"] },
] as const;

let registry: DockerRegistry;
let folder: TemporaryFolder;

beforeAll(async () => {
  const obstacle = registryObstacle();
  if (obstacle !== undefined) throw new Error(obstacle);
  registry = await startDockerRegistry();
  folder = new TemporaryFolder({});
  const cacheDir = folder.file("cache");
  await using session = await openRegistrySession({ insecure: true, cacheDir }, {});
  for (const { name, from, format } of pushes) {
    await registryPush({ from: join(httpApp, from), to: address(name), format, ...plain }, session);
  }
});

afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function address(name: string): string {
  return `${registry.host}/test/${name}:1`;
}

describe.each(Object.keys(containerdReleases) as ContainerdRelease[])(
  "containerd %s",
  (release) => {
    let node: TestNode;

    beforeAll(async () => {
      node = await TestNode.start(release);
    });

    afterAll(() => node[Symbol.asyncDispose]());

    test.each(pushes)("pulls $name from a registry and runs it", async ({ name, command }) => {
      const image = address(name);
      expect(await node.cri.hasImage(image)).toBe(false);
      await node.cri.pullImage(image);
      const pod = await node.containerd.runPod();
      await node.containerd.startContainer(pod, { name, image, command });
      expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");
      await node.containerd.removePod(pod);
    });

    test("an image that the registry does not have: the name and why", async () => {
      await expect(node.cri.pullImage(address("nothing"))).rejects.toThrow(
        /test\/nothing.*not found/,
      );
    });
  },
);

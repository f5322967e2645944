import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../servers/server-process.ts";
import { fetchText, patience, TestNode } from "./test-node.ts";

const runtime = "io.containerd.whorl.v1";

let node: TestNode;

beforeAll(async () => {
  node = await TestNode.start("2.4");
});

afterAll(() => node[Symbol.asyncDispose]());

async function runApp(id: string): Promise<string> {
  const address = `127.0.0.1:${await freePort()}`;
  const environment = ["--env", `SPIN_HTTP_LISTEN_ADDR=${address}`];
  const options = ["run", "-d", "--net-host", "--runtime", runtime, ...environment];
  node.containerd.ctr(...options, "localhost/http:1", id, "bogus-arg");
  return address;
}

function stateOf(id: string): string {
  const lines = node.containerd.ctr("task", "ls").split("\n");
  return lines.find((line) => line.startsWith(id))?.split(/\s+/)[2] ?? "absent";
}

async function remove(id: string): Promise<void> {
  node.containerd.ctr("task", "kill", "-s", "SIGTERM", id);
  await expect.poll(() => stateOf(id), patience).toBe("STOPPED");
  node.containerd.ctr("task", "rm", id);
  node.containerd.ctr("container", "rm", id);
}

test("an app runs without Kubernetes, in the node's network", async () => {
  const address = await runApp("alone");
  expect(await fetchText(`http://${address}/`)).toBe("Hello from Whorl\n");
  await remove("alone");
  await expect(fetchText(`http://${address}/`, 0)).rejects.toThrow("ECONNREFUSED");
});

test("a paused app answers when it is resumed", async () => {
  const address = await runApp("paused");
  await fetchText(`http://${address}/`);
  node.containerd.ctr("task", "pause", "paused");
  expect(stateOf("paused")).toBe("PAUSED");
  const answer = fetchText(`http://${address}/`, 0);
  node.containerd.ctr("task", "resume", "paused");
  expect(stateOf("paused")).toBe("RUNNING");
  expect(await answer).toBe("Hello from Whorl\n");
  await remove("paused");
});

test("what ordinary containers can do is what the stock shim says", () => {
  const inspected = node.containerd.ctr("plugins", "inspect-runtime", "--runtime", runtime);
  const { Name, Features } = JSON.parse(inspected) as {
    readonly Name: string;
    readonly Features: { readonly mountOptions: readonly string[] };
  };
  expect(Name).toBe(runtime);
  expect(Features.mountOptions).toContain("rro");
});

test("an ordinary container runs, and its status is kept", () => {
  const options = ["run", "--rm", "--net-host", "--runtime", runtime];
  const image = "localhost/busybox:1";
  expect(node.containerd.ctr(...options, image, "ordinary", "echo", "from runc")).toBe(
    "from runc\n",
  );
  expect(() => node.containerd.ctr(...options, image, "failing", "sh", "-c", "exit 4")).toThrow(
    "ctr run",
  );
});

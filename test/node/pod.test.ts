import { writeFileSync, mkdirSync, readdirSync, readFileSync, chmodSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { TestPod } from "../servers/containerd.ts";
import { containerdReleases, type ContainerdRelease } from "../servers/containerd-configuration.ts";
import { fetchText, logLines, patience, TestNode } from "./test-node.ts";

const hello = { name: "hello", image: "localhost/hello:1" };
const http = { name: "http", image: "localhost/http:1" };
const busybox = { name: "busybox", image: "localhost/busybox:1", command: ["sleep", "1000"] };

describe.each(Object.keys(containerdReleases) as ContainerdRelease[])(
  "containerd %s",
  (release) => {
    let node: TestNode;
    let pod: TestPod;

    beforeAll(async () => {
      node = await TestNode.start(release);
    });

    afterAll(() => node[Symbol.asyncDispose]());

    beforeEach(async () => {
      pod = await node.containerd.runPod();
    });

    afterEach(() => node.containerd.removePod(pod));

    async function stop(containerId: string, timeout = 5): Promise<void> {
      await node.cri.call("StopContainer", { containerId, timeout });
    }

    test("a Wasm container answers on its pod's address", async () => {
      const id = await node.containerd.startContainer(pod, hello);
      expect(await fetchText(`http://${pod.ip}/`)).toContain("Hello");
      expect(await node.cri.containerStatus(id)).toMatchObject({ state: "running" });
    });

    test("io.containerd.spin.v2 is the same", async () => {
      const spin = await node.containerd.runPod({ handler: "spin" });
      await node.containerd.startContainer(spin, hello);
      expect(await fetchText(`http://${spin.ip}/`)).toContain("Hello");
      await node.containerd.removePod(spin);
    });

    test("beside an ordinary container: localhost works in both directions", async () => {
      await node.containerd.startContainer(pod, http);
      const server =
        "echo from busybox > /tmp/index.html && exec httpd -f -p 127.0.0.1:8080 -h /tmp";
      const id = await node.containerd.startContainer(pod, {
        ...busybox,
        command: ["sh", "-c", `mkdir -p /tmp && ${server}`],
      });
      expect(await fetchText(`http://${pod.ip}/`)).toBe("Hello from Whorl\n");
      const asked = await node.cri.execSync(id, ["wget", "-qO-", "http://127.0.0.1/"]);
      expect(asked).toEqual({ stdout: "Hello from Whorl\n", stderr: "", exitCode: 0 });
      const target = "http://127.0.0.1:8080/index.html";
      expect(await fetchText(`http://${pod.ip}/fetch?url=${target}`)).toContain("from busybox");
    });

    test("several Wasm containers and an ordinary one in a pod", async () => {
      for (const port of [8081, 8082, 8083]) {
        await node.containerd.startContainer(pod, {
          ...http,
          name: `http-${port}`,
          environment: { SPIN_HTTP_LISTEN_ADDR: `0.0.0.0:${port}`, PORT: String(port) },
        });
      }
      const id = await node.containerd.startContainer(pod, busybox);
      for (const port of [8081, 8082, 8083]) {
        const url = `http://127.0.0.1:${port}/env`;
        await fetchText(`http://${pod.ip}:${port}/`);
        const { stdout } = await node.cri.execSync(id, ["wget", "-qO-", url]);
        expect(stdout).toContain(`PORT=${port}\n`);
      }
    });

    test("an ordinary init container runs to its end before", async () => {
      const init = await node.containerd.startContainer(pod, {
        ...busybox,
        name: "init",
        command: ["sh", "-c", "exit 3"],
      });
      await expect
        .poll(() => node.cri.containerStatus(init), patience)
        .toMatchObject({
          state: "exited",
          exitCode: 3,
        });
      await node.containerd.startContainer(pod, hello);
      expect(await fetchText(`http://${pod.ip}/`)).toContain("Hello");
    });

    test("exec and terminal of an ordinary container", async () => {
      const id = await node.containerd.startContainer(pod, {
        ...busybox,
        tty: true,
        command: ["sh", "-c", "tty; sleep 1000"],
      });
      expect(await node.cri.execSync(id, ["sh", "-c", "echo out; echo err >&2; exit 7"])).toEqual({
        stdout: "out\n",
        stderr: "err\n",
        exitCode: 7,
      });
      await expect
        .poll(() => logLines(pod, "busybox", "stdout").join(), patience)
        .toContain("/dev/pts/");
    });

    test("exec into a Wasm container is refused with a reason", async () => {
      const id = await node.containerd.startContainer(pod, hello);
      await expect(node.cri.execSync(id, ["sh"])).rejects.toThrow("Wasm container");
      expect(await fetchText(`http://${pod.ip}/`)).toContain("Hello");
    });

    test("the log holds what guests write, stdout and stderr apart", async () => {
      await node.containerd.startContainer(pod, http);
      await fetchText(`http://${pod.ip}/log`);
      await expect.poll(() => logLines(pod, "http", "stdout").length, patience).toBeGreaterThan(0);
      await expect.poll(() => logLines(pod, "http", "stderr").length, patience).toBeGreaterThan(0);
    });

    test("environment reaches the guest", async () => {
      await node.containerd.startContainer(pod, { ...http, environment: { COLOUR: "blue" } });
      expect(await fetchText(`http://${pod.ip}/env`)).toContain("COLOUR=blue\n");
    });

    test("files of the image reach the guest", async () => {
      await node.containerd.startContainer(pod, http);
      expect(await fetchText(`http://${pod.ip}/file?name=mounted/note.txt`)).toBe("a note\n");
    });

    test("SIGTERM lets a request in flight finish, and the status is 0", async () => {
      const id = await node.containerd.startContainer(pod, http);
      await fetchText(`http://${pod.ip}/`);
      const slow = fetchText(`http://${pod.ip}/sleep?ms=800`, 0);
      // The request has to arrive before the signal does.
      await delay(300);
      await stop(id);
      await expect(slow).resolves.toBeTypeOf("string");
      expect(await node.cri.containerStatus(id)).toMatchObject({ state: "exited", exitCode: 0 });
    });

    test("SIGKILL is 137", async () => {
      const id = await node.containerd.startContainer(pod, http);
      await fetchText(`http://${pod.ip}/`);
      await stop(id, 0);
      expect(await node.cri.containerStatus(id)).toMatchObject({ state: "exited", exitCode: 137 });
    });

    test("a container is started again in the same pod", async () => {
      for (let round = 0; round < 2; round += 1) {
        const id = await node.containerd.startContainer(pod, hello);
        expect(await fetchText(`http://${pod.ip}/`)).toContain("Hello");
        await stop(id);
        await node.cri.call("RemoveContainer", { containerId: id });
      }
    });

    test("statistics", async () => {
      const containerId = await node.containerd.startContainer(pod, http);
      await fetchText(`http://${pod.ip}/`);
      const { stats } = await node.cri.call("ContainerStats", { containerId });
      const { cpu, memory } = stats as {
        cpu: { usageCoreNanoSeconds: { value: number } };
        memory: { workingSetBytes: { value: number } };
      };
      expect(cpu.usageCoreNanoSeconds.value).toBeGreaterThan(1e6);
      expect(memory.workingSetBytes.value).toBeGreaterThan(1e6);
      expect(memory.workingSetBytes.value).toBeLessThan(1e9);
    });

    test("limits are those of the container's cgroup, and can be changed", async () => {
      const containerId = await node.containerd.startContainer(pod, {
        ...hello,
        memoryBytes: 256 << 20,
        cpuQuotaUs: 50_000,
      });
      expect(node.limits(containerId)).toEqual({ memoryBytes: 256 << 20, cpuQuotaUs: 50_000 });
      const linux = { memoryLimitInBytes: 300 << 20, cpuQuota: 60_000, cpuPeriod: 100_000 };
      await node.cri.call("UpdateContainerResources", { containerId, linux });
      expect(node.limits(containerId)).toEqual({ memoryBytes: 300 << 20, cpuQuotaUs: 60_000 });
    });

    test("who takes more memory than the limit is ended: OOMKilled", async () => {
      const id = await node.containerd.startContainer(pod, { ...http, memoryBytes: 160 << 20 });
      await fetchText(`http://${pod.ip}/`);
      await fetchText(`http://${pod.ip}/memory?mib=200`, 0).catch(() => undefined);
      await expect
        .poll(() => node.cri.containerStatus(id), patience)
        .toMatchObject({
          state: "exited",
          exitCode: 137,
          reason: "OOMKilled",
        });
    });

    test("runs without privileges, with a user of its own", async () => {
      const id = await node.containerd.startContainer(pod, { ...http, user: 4711 });
      await fetchText(`http://${pod.ip}/`);
      const pid = node.hostPid(id);
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      expect(status).toMatch(/^Uid:\t4711\t4711\t4711\t4711$/m);
      expect(status).toMatch(/^CapEff:\t0+$/m);
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        const each = readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8");
        expect(each).toMatch(/^Seccomp:\t2$/m);
        expect(each).toMatch(/^CapPrm:\t0+$/m);
      }
    });

    test("a read-only root is no obstacle", async () => {
      await node.containerd.startContainer(pod, { ...http, isReadOnly: true });
      expect(await fetchText(`http://${pod.ip}/file?name=mounted/note.txt`)).toBe("a note\n");
    });

    test("the reason of a failure is in log and termination message, and the status is 1", async () => {
      const folder = join(node.containerd.folder, "termination");
      mkdirSync(folder, { recursive: true });
      const hostPath = join(folder, pod.id);
      writeFileSync(hostPath, "");
      chmodSync(hostPath, 0o666);
      const id = await node.containerd.startContainer(pod, {
        ...http,
        environment: { SPIN_HTTP_LISTEN_ADDR: "nowhere" },
        mounts: [{ containerPath: "/dev/termination-log", hostPath }],
      });
      await expect
        .poll(() => node.cri.containerStatus(id), patience)
        .toMatchObject({
          state: "exited",
          exitCode: 1,
        });
      expect(readFileSync(hostPath, "utf8")).toContain('SPIN_HTTP_LISTEN_ADDR is "nowhere"');
      expect(logLines(pod, "http", "stderr").join()).toContain(
        'SPIN_HTTP_LISTEN_ADDR is "nowhere"',
      );
    });
  },
);

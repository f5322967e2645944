/** The agent's program itself: its command line, and what it runs on a node that is mounted. */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hostCommands, type HostCommands } from "../../shim/agent/host-command.ts";
import { TemporaryFolder } from "../temporary-folder.ts";

const program = fileURLToPath(new URL("../../shim/agent-main.ts", import.meta.url));
const flags = ["--disable-warning=ExperimentalWarning"];

let folder: TemporaryFolder;
let host: string;
let commands: HostCommands;

beforeAll(() => {
  folder = new TemporaryFolder({});
  host = folder.file("host");
  mkdirSync(host);
  // A machine with a first process of its own, whose namespaces may be entered.
  const machine = ["unshare", "--pid", "--mount", "--fork", "--mount-proc"];
  const mounts = `mount --bind / ${host} && mount -t proc proc ${host}/proc`;
  const boot = ["/bin/sh", "-c", `${mounts} && "$@"; exit $?`, "sh"];
  const enter = [...machine, ...boot, process.execPath, ...flags, program, "on-host"];
  commands = hostCommands({ root: host, enter });
});

afterAll(() => folder[Symbol.dispose]());

function agent(...args: readonly string[]): { status: number | null; stderr: string } {
  const env = { PATH: process.env["PATH"] ?? "" };
  const { status, stderr } = spawnSync(process.execPath, [...flags, program, ...args], {
    encoding: "utf8",
    env,
  });
  return { status, stderr };
}

test("programs of the node run as if its administrator had started them", async () => {
  expect(await commands.run("/bin/sh", "-c", "pwd; readlink /proc/self/root; echo $PATH")).toBe(
    "/\n/\n/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin\n",
  );
});

test("one that fails: its name and what it said", async () => {
  await expect(commands.run("/bin/sh", "-c", "echo no >&2; exit 3")).rejects.toThrow(
    /^\/bin\/sh -c echo no >&2; exit 3: no$/,
  );
  await expect(commands.run("/bin/not-there")).rejects.toThrow(/^\/bin\/not-there: .*not-there/);
});

test.each<[string[], number, string]>([
  [["--handlers=A"], 2, 'whorl-agent: --handlers: "A" is no name'],
  [["run", "--source=/not-there"], 1, "there is nothing to install (--source)"],
  [["uninstall-all"], 2, "KUBERNETES_SERVICE_HOST is not set"],
  [["uninstall", `--install-folder=/not-there`, "--run-folder=/not-there"], 0, ""],
])("%j ends with %i", (args, status, text) => {
  const nowhere = ["--containerd-socket=/not-there/s", "--containerd-config=/not-there/c"];
  const found = agent(...args, ...nowhere, "--cache-folder=/not-there", "--host-root=/");
  expect(found.stderr).toContain(text);
  expect(found.status).toBe(status);
});

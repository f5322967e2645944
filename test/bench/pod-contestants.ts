import { existsSync } from "node:fs";
import { shimSandboxHandler } from "../servers/containerd-configuration.ts";
import type { ContainerOptions } from "../servers/cri.ts";

/** A pod with a server in it, and what runs it. */
export interface PodContestant {
  readonly name: string;
  readonly handler: string;
  readonly container: ContainerOptions;
  readonly annotations?: Readonly<Record<string, string>>;
}

const httpd = "mkdir -p /www && echo hello > /www/index.html && exec httpd -f -p 80 -h /www";

const nodeScript = `require("node:http").createServer((_, response) => {
  response.end("Hello from Whorl\\n");
}).listen(80);`;

/** Folders that the machine's own Node needs to run in an image without any library. */
const libraries = ["/lib", "/lib64", "/usr/lib"].filter((path) => existsSync(path));

export const runcHttpd: PodContestant = {
  name: "runc, busybox httpd",
  handler: "runc",
  container: { name: "a", image: "localhost/busybox:1", command: ["sh", "-c", httpd] },
};

/** The program that runs this, with its libraries, mounted into a container of busybox. */
export const runcNode: PodContestant = {
  name: "runc, node:http",
  handler: "runc",
  container: {
    ...{ name: "a", image: "localhost/busybox:1", command: ["/node", "-e", nodeScript] },
    mounts: [
      { containerPath: "/node", hostPath: process.execPath, readonly: true },
      ...libraries.map((path) => ({ containerPath: path, hostPath: path, readonly: true })),
    ],
  },
};

/** A process for each pod. */
export const whorlAlone: PodContestant = {
  name: "whorl, hello, isolation=pod",
  handler: "whorl",
  container: { name: "a", image: "localhost/hello:1" },
  annotations: { "io.whorl.isolation": "pod" },
};

/** Pods of a namespace share a process. */
export const whorlNamespace: PodContestant = {
  ...{ ...whorlAlone, name: "whorl, hello, isolation=namespace" },
  annotations: { "io.whorl.isolation": "namespace" },
};

/** The same where containerd leaves the sandbox to the shim: nothing of runc takes part. */
export const whorlSandbox: PodContestant = {
  ...{ ...whorlNamespace, name: "whorl, hello, namespace, sandboxer=shim" },
  handler: shimSandboxHandler,
};

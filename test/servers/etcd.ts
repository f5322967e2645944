import { existsSync } from "node:fs";
import { join } from "node:path";
import { TemporaryFolder } from "../temporary-folder.ts";
import { program, programObstacle } from "./debian-package.ts";
import { goTool } from "./go-tool.ts";
import { ServerProcess, freePort } from "./server-process.ts";

/** Why etcd cannot be had here, undefined where it can. */
export function etcdObstacle(): string | undefined {
  return etcdAsset() === undefined ? programObstacle("etcd", "etcd-server") : undefined;
}

/**
 * An etcd that reports progress, built from source (a minute, the first time): without that the API
 * server does not stream initial events. Debian 12 has 3.4.23, which does not.
 */
export function currentEtcd(): string {
  const version = "v3.6.7";
  const goMod = [
    "module whorl.test/tools",
    "go 1.25",
    "tool go.etcd.io/etcd/server/v3",
    `require go.etcd.io/etcd/server/v3 ${version}`,
    "",
  ].join("\n\n");
  return goTool({ name: "etcd", package: "go.etcd.io/etcd/server/v3", version, goMod });
}

function etcdAsset(): string | undefined {
  const path = join(process.env["KUBEBUILDER_ASSETS"] ?? "", "etcd");
  return path !== "etcd" && existsSync(path) ? path : undefined;
}

/** An etcd with empty data. */
export class Etcd implements AsyncDisposable {
  readonly url: string;
  readonly #folder: TemporaryFolder;
  readonly #server: ServerProcess;

  private constructor(url: string, folder: TemporaryFolder, server: ServerProcess) {
    this.url = url;
    this.#folder = folder;
    this.#server = server;
  }

  /** Debian's where no path of a program is given. */
  static async start(path: string = etcdAsset() ?? program("etcd")): Promise<Etcd> {
    const folder = new TemporaryFolder({});
    const url = `http://127.0.0.1:${await freePort()}`;
    const peerUrl = `http://127.0.0.1:${await freePort()}`;
    try {
      const server = await ServerProcess.start({
        program: path,
        args: [
          ...["--data-dir", join(folder.path, "data"), "--unsafe-no-fsync"],
          ...["--listen-client-urls", url, "--advertise-client-urls", url],
          ...["--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl],
          ...["--initial-cluster", `default=${peerUrl}`, "--log-level", "error"],
        ],
        probe: async () => await post(`${url}/v3/maintenance/status`, {}),
      });
      return new Etcd(url, folder, server);
    } catch (error) {
      folder[Symbol.dispose]();
      throw error;
    }
  }

  /** Forgets all history before now: older resource versions are gone. */
  async compact(): Promise<void> {
    const { header } = (await post(`${this.url}/v3/maintenance/status`, {})) as {
      header: { revision: string };
    };
    await post(`${this.url}/v3/kv/compaction`, { revision: header.revision, physical: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

async function post(url: string, body: object): Promise<unknown> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return await response.json();
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadApp } from "../runtime/app/load-app.ts";
import { loadRuntimeConfig } from "../runtime/app/load-runtime-config.ts";
import { AppHost } from "../runtime/host/app-host.ts";
import type { AppHostOptions } from "../runtime/host/app-host.ts";
import type { InstanceLimits } from "../runtime/limits.ts";
import { spinReuse } from "../runtime/trigger/executor/reused-instances.ts";

/** An app host in this process, with a cache of its own; disposing closes it. */
export class HostedApps implements AsyncDisposable {
  readonly host: AppHost;
  readonly port: number;
  /** What guests and the host had to say, a line each. */
  readonly lines: string[];
  readonly #cache: string;

  private constructor(host: AppHost, port: number, lines: string[], cache: string) {
    this.host = host;
    this.port = port;
    this.lines = lines;
    this.#cache = cache;
  }

  static async open({
    guestLimits = {},
    ...options
  }: Omit<Partial<AppHostOptions>, "settings"> & {
    readonly guestLimits?: Partial<InstanceLimits>;
  } = {}): Promise<HostedApps> {
    const cache = mkdtempSync(join(tmpdir(), "whorl-hosted-"));
    const lines: string[] = [];
    const host = new AppHost({
      ...{ workersMin: 2, workersMax: 3, workersPerAppMax: 1, residentBytesMax: 4e9 },
      workerCode: new URL("../runtime/host/worker-main.ts", import.meta.url),
      log: {
        guestLine: (app, _component, _stream, line) => void lines.push(`${app}: ${line}`),
        warning: (app, message) => void lines.push(`warning ${app}: ${message}`),
        error: (app, message) => void lines.push(`error ${app}: ${message}`),
      },
      settings: {
        ...{ environment: [], variables: new Map(), processEnvironment: {} },
        ...{ reuse: spinReuse, cacheDirectory: cache, prepareVersion: "test" },
        limits: guestLimits,
      },
      ...options,
    });
    const { port } = await host.listen({ host: "127.0.0.1", port: 0 });
    return new HostedApps(host, port, lines, cache);
  }

  /** Serves an app, by the path of its folder or component, under these names. */
  async serve(path: string, ...names: readonly string[]): Promise<void> {
    const app = await loadApp(path);
    const runtimeConfig = await loadRuntimeConfig(undefined, {
      workingDirectory: app.directory,
      appDirectory: app.directory,
    });
    for (const name of names) await this.host.serve({ name, app, runtimeConfig });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.close();
    rmSync(this.#cache, { recursive: true, force: true });
  }
}

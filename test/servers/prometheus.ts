import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { program, programObstacle } from "./debian-package.ts";
import { RestartableServer, serverFolder } from "./restartable-server.ts";
import { freePort } from "./server-process.ts";

export interface Prometheus extends AsyncDisposable {
  readonly url: string;
}

/** Why tests with Prometheus and promtool cannot run here, undefined where they can. */
export function prometheusObstacle(): string | undefined {
  return programObstacle("prometheus", "prometheus") ?? programObstacle("promtool", "prometheus");
}

/** Starts Prometheus on a free port of 127.0.0.1; it scrapes these `host:port` every second. */
export async function startPrometheus(
  targets: readonly string[],
  ruleFile: string,
): Promise<Prometheus> {
  const folder = serverFolder();
  const port = await freePort();
  const config = join(folder, "prometheus.yml");
  const settings = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: [ruleFile],
    scrape_configs: [{ job_name: "whorl", static_configs: [{ targets }] }],
  };
  // YAML understands JSON.
  writeFileSync(config, JSON.stringify(settings));
  const url = `http://127.0.0.1:${port}`;
  const server = await RestartableServer.start(folder, {
    program: program("prometheus"),
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    probe: async () => {
      const { ok } = await fetch(`${url}/-/ready`);
      if (!ok) throw new Error("not ready");
    },
  });
  return { url, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

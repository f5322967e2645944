import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connects } from "./connects.ts";
import { goObstacle, toolFolder } from "./go-tool.ts";
import { RestartableServer, serverFolder } from "./restartable-server.ts";
import { freePort } from "./server-process.ts";

const source = fileURLToPath(new URL("../telemetry/collector/", import.meta.url));

export interface OtelCollector extends AsyncDisposable {
  /** For OTLP over HTTP. */
  readonly url: string;
}

/** Why tests with the collector cannot run here, undefined where they can. */
export function collectorObstacle(): string | undefined {
  return goObstacle();
}

/** Builds it where it is not built yet, which takes longer than a test may wait. */
export function prepareCollector(): void {
  collectorBinary();
}

/** Starts a collector that passes everything on to `target` as OTLP/JSON. */
export async function startCollector(target: string): Promise<OtelCollector> {
  const binary = collectorBinary();
  const folder = serverFolder();
  const port = await freePort();
  const config = join(folder, "collector.yaml");
  const pipeline = { receivers: ["otlp"], exporters: ["otlphttp"] };
  const settings = {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    exporters: {
      otlphttp: {
        endpoint: target,
        encoding: "json",
        compression: "none",
        sending_queue: { enabled: false },
      },
    },
    service: {
      telemetry: { metrics: { level: "none" } },
      pipelines: { traces: pipeline, metrics: pipeline, logs: pipeline },
    },
  };
  // YAML understands JSON.
  writeFileSync(config, JSON.stringify(settings));
  const server = await RestartableServer.start(folder, {
    program: binary,
    args: [`--config=file:${config}`],
    probe: () => connects(port),
  });
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Built once (minutes), and again when its sources change. */
function collectorBinary(): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(source).toSorted()) hash.update(readFileSync(join(source, name)));
  const folder = join(toolFolder, `otel-collector-${hash.digest("hex").slice(0, 12)}`);
  const binary = join(folder, "otelcol");
  if (existsSync(binary)) return binary;
  console.log("building the OpenTelemetry collector");
  const building = `${folder}.building-${process.pid}`;
  mkdirSync(toolFolder, { recursive: true });
  cpSync(source, building, { recursive: true });
  try {
    const args = ["build", "-mod=mod", "-trimpath", "-ldflags=-s -w", "-o", "otelcol", "."];
    // oxlint-disable-next-line node/no-process-env -- go needs HOME, PATH and the proxy settings
    const env = { ...process.env, CGO_ENABLED: "0" };
    const { status, stderr } = spawnSync("go", args, { cwd: building, env, encoding: "utf8" });
    if (status !== 0) throw new Error(`building the collector failed:\n${stderr.slice(-4000)}`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(building, folder);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  return binary;
}

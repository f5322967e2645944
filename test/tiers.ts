import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import {
  clusterObstacle,
  longClusterObstacle,
  prepareClusterTier,
  prepareLongClusterTier,
} from "./cluster/prepare.ts";
import { operatorObstacle, prepareOperatorTier } from "./operator/prepare.ts";
import { chromiumObstacle } from "./servers/chromium.ts";
import { containerdObstacle, prepareNodeTier } from "./servers/containerd.ts";
import { programObstacle } from "./servers/debian-package.ts";
import { registryObstacle } from "./servers/docker-registry.ts";
import { elasticMqObstacle } from "./servers/elasticmq.ts";
import { kubeApiServerObstacle } from "./servers/kube-apiserver.ts";
import { kubernetesTool } from "./servers/kubernetes-tools.ts";
import { mariadbObstacle } from "./servers/mariadb.ts";
import { mosquittoObstacle } from "./servers/mosquitto.ts";
import { collectorObstacle, prepareCollector } from "./servers/otel-collector.ts";
import { postgresObstacle } from "./servers/postgres.ts";
import { prometheusObstacle } from "./servers/prometheus.ts";
import { redisObstacle } from "./servers/redis.ts";

/** Tests that need the same surroundings. */
export interface Tier {
  /** Runs only when it is named. */
  readonly isExtra?: boolean;
  /** Name of the vitest project. */
  readonly name: string;
  readonly about: string;
  /** Why it cannot run here, undefined where it can. */
  readonly obstacle: () => string | undefined;
  /** Builds that would take longer than a test may wait. */
  readonly prepare?: () => unknown;
}

const root = fileURLToPath(new URL("..", import.meta.url));

/** In the order in which they run. Soak needs nothing built: meanwhile what images waits for is. */
export const tiers: readonly Tier[] = [
  { name: "unit", about: "each part on its own", obstacle: () => undefined },
  {
    name: "integration",
    about: "whorl up as a process, over real components",
    obstacle: () => missing("wasm-apps/http-rust/http.wasm", "npm run build:rust") ?? notLinux(),
  },
  {
    name: "differential",
    about: "the same requests through another engine",
    obstacle: () => missing("node_modules/@bytecodealliance/jco", "npm ci") ?? notLinux(),
  },
  {
    name: "isolation",
    about: "secrets of one request looked for by later ones; fuzzing",
    obstacle: notLinux,
  },
  {
    name: "spin",
    about: "Spin's interfaces and triggers against real servers",
    obstacle: () =>
      notLinux() ??
      redisObstacle() ??
      mosquittoObstacle() ??
      postgresObstacle() ??
      mariadbObstacle() ??
      elasticMqObstacle(),
  },
  {
    name: "soak",
    about: "many apps under load while their workers are killed",
    obstacle: notLinux,
  },
  {
    name: "images",
    about: "images against a real registry",
    obstacle: () =>
      notLinux() ??
      registryObstacle() ??
      programObstacle("skopeo", "skopeo") ??
      kubeApiServerObstacle(),
    prepare: () => kubernetesTool("kube-apiserver"),
  },
  {
    name: "telemetry",
    about: "traces, metrics, top and tail of apps under load",
    obstacle: () => notLinux() ?? prometheusObstacle() ?? collectorObstacle(),
    prepare: prepareCollector,
  },
  {
    name: "console",
    about: "the console in a browser",
    obstacle: () => notLinux() ?? chromiumObstacle(),
  },
  {
    name: "operator",
    about: "API machinery and operator over a real kube-apiserver",
    obstacle: () => notLinux() ?? operatorObstacle(),
    prepare: prepareOperatorTier,
  },
  {
    name: "node",
    about: "the shim on real containerd",
    obstacle: () => notLinux() ?? containerdObstacle(),
    prepare: prepareNodeTier,
  },
  {
    name: "cluster",
    about: "the chart, the samples and a rolling node on a real Kubernetes",
    obstacle: () => notLinux() ?? clusterObstacle(),
    prepare: prepareClusterTier,
  },
  {
    name: "cluster-long",
    about: "a hundred apps on a node, minutes of load; kro, Karpenter, Kueue, KEDA, Traefik",
    isExtra: true,
    obstacle: () => notLinux() ?? longClusterObstacle(),
    prepare: prepareLongClusterTier,
  },
];

function missing(path: string, remedy: string): string | undefined {
  return existsSync(join(root, path)) ? undefined : `${path} is missing: run ${remedy}`;
}

/** Memory of a server process is read from /proc. */
function notLinux(): string | undefined {
  return process.platform === "linux" ? undefined : `needs Linux, this is ${process.platform}`;
}

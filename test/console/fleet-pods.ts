import type {
  Health,
  Pod,
  PodContainer,
  PodMap,
} from "../../runtime/telemetry/admin/console-api.ts";

interface PodApp {
  readonly id: string;
  readonly health: Health;
}

const mebibyte = 1024 * 1024;
const nodeNames = ["node-a", "node-b", "node-c"];

/** Pods of some apps on three nodes: Wasm functions, some of them beside ordinary containers. */
export function fleetPods(apps: readonly PodApp[]): PodMap {
  return {
    nodes: nodeNames.map((name, node) => ({
      name,
      isReady: true,
      pods: apps.filter((_, at) => at % nodeNames.length === node).map(podOf),
    })),
  };
}

function podOf({ id, health }: PodApp, at: number): Pod {
  const [namespace = "", name = ""] = id.split("/");
  const isPending = health === "pending";
  const function1 = containerOf(name, "wasm", { at, isPending });
  const proxy = containerOf("proxy", "container", { at: at + 5, isPending });
  const failing = { ...proxy, isReady: false, state: "waiting" as const, restarts: 4 };
  const isCrashing = health === "failing";
  return {
    ...{ namespace, name: `${name}-7d9f6c5b4-${suffixes[at % suffixes.length] ?? ""}`, app: id },
    phase: isPending ? "Pending" : "Running",
    isReady: !isPending && !isCrashing,
    reason: isPending ? "waiting for its image" : "",
    containers: [
      function1,
      ...(at % 2 === 0 && !isCrashing ? [proxy] : []),
      ...(isCrashing ? [{ ...failing, reason: "CrashLoopBackOff" }] : []),
    ],
  };
}

const suffixes = ["x2k4p", "m8dqz", "t5wvb", "c7hnr", "q9ljs"];

function containerOf(
  name: string,
  kind: PodContainer["kind"],
  { at, isPending }: { readonly at: number; readonly isPending: boolean },
): PodContainer {
  return {
    ...{ name, kind, image: `registry.example/${name}:1`, restarts: 0 },
    ...{ state: isPending ? "waiting" : "running", isReady: !isPending },
    ...(isPending && { reason: "ImagePullBackOff" }),
    ...(!isPending && {
      memoryBytes: (kind === "wasm" ? 9 : 40) * mebibyte + ((at * 37) % 60) * mebibyte,
      memoryLimitBytes: 128 * mebibyte,
    }),
  };
}

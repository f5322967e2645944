import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** What the agent counts, for Prometheus. */
export interface AgentMetrics {
  readonly registry: Registry;
  /** 1 while a canary has answered under the version that is wanted. */
  readonly ready: Gauge;
  readonly steps: Counter<"step">;
  readonly failures: Counter<"code">;
  readonly stepSeconds: Histogram<"step">;
  readonly lastLook: Gauge;
  readonly images: Counter<"result">;
}

/** Of one agent; `version` is the one that it brings. */
export function agentMetrics(version: string): AgentMetrics {
  const registry = new Registry();
  const registers = [registry];
  const name = (text: string): string => `whorl_agent_${text}`;
  const info = new Gauge({
    name: name("info"),
    help: "The version that this agent installs.",
    labelNames: ["version"] as const,
    registers,
  });
  info.set({ version }, 1);
  return {
    registry,
    ready: new Gauge({
      name: name("ready"),
      help: "1 if a canary has answered under the installed version.",
      registers,
    }),
    steps: new Counter({
      name: name("steps_total"),
      help: "What was done on the node.",
      labelNames: ["step"] as const,
      registers,
    }),
    failures: new Counter({
      name: name("failures_total"),
      help: "Attempts that ended with an error.",
      labelNames: ["code"] as const,
      registers,
    }),
    stepSeconds: new Histogram({
      name: name("step_seconds"),
      help: "How long each thing took that was done on the node.",
      labelNames: ["step"] as const,
      buckets: [0.1, 0.3, 1, 3, 10, 30, 100],
      registers,
    }),
    lastLook: new Gauge({
      name: name("last_look_timestamp_seconds"),
      help: "When the node was looked at last.",
      registers,
    }),
    images: new Counter({
      name: name("images_total"),
      help: "Images that were looked at as they came: prepared, other or broken.",
      labelNames: ["result"] as const,
      registers,
    }),
  };
}

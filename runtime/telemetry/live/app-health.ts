/** As the console's `Health`, without what only a cluster knows. */
export type AppHealth = "healthy" | "idle" | "degraded" | "failing";

/** What is looked at. */
export interface HealthSigns {
  /** In the last minute. */
  readonly requests: number;
  readonly errors: number;
  readonly memoryBytes: number | undefined;
  readonly memoryLimitBytes: number | undefined;
}

export interface HealthVerdict {
  readonly health: AppHealth;
  /** One sentence; `""` for a healthy app. */
  readonly reason: string;
}

/** From this share of failed requests on an app fails, below it some of its requests do. */
const failingShare = 0.5;
const memoryShareMax = 0.9;

/** How an app is, from what it did lately. */
export function appHealth(signs: HealthSigns): HealthVerdict {
  const { memoryBytes = 0, memoryLimitBytes = Infinity } = signs;
  const requests = Math.round(signs.requests);
  const errors = Math.round(signs.errors);
  if (errors > 0) {
    const health = errors >= requests * failingShare ? "failing" : "degraded";
    const reason = `${errors} of ${Math.max(errors, requests)} requests failed in the last minute`;
    return { health, reason };
  }
  const memoryShare = memoryBytes / memoryLimitBytes;
  if (memoryLimitBytes > 0 && memoryShare >= memoryShareMax) {
    const reason = `its guests use ${Math.round(memoryShare * 100)}% of the memory they may have`;
    return { health: "degraded", reason };
  }
  if (requests === 0) return { health: "idle", reason: "no requests in the last minute" };
  return { health: "healthy", reason: "" };
}

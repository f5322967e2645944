import type { Finding } from "./conditions.ts";
import type { ObservedDeployment } from "./observed.ts";

/** `Available` and `Progressing` as upstream has them: those of the Deployment, or unknown. */
export function deploymentFindings(deployment: ObservedDeployment | undefined): readonly Finding[] {
  if (deployment === undefined) return [notFound("Available"), notFound("Progressing")];
  const conditions = deployment.status?.conditions ?? [];
  return (["Available", "Progressing"] as const).flatMap((type) => {
    const found = conditions.find((condition) => condition.type === type);
    if (found === undefined) return [];
    const { status, reason, message } = found;
    return [{ type, status, reason: reason || type, message }];
  });
}

function notFound(type: "Available" | "Progressing"): Finding {
  const message = "Deployment not found";
  return { type, status: "Unknown", reason: "DeploymentNotFound", message };
}

import { spawnSync } from "node:child_process";
import { goTool } from "./go-tool.ts";
import { kubernetesModules, kubernetesVersion } from "./kubernetes-tools.ts";

const version = "v4.0.5";

/**
 * Path of Helm; built from source the first time, with the modules that the other programs of
 * Kubernetes are made of: what is compiled for them is not compiled again.
 */
export function helmTool(): string {
  const module = "helm.sh/helm/v4";
  const [major, minor] = kubernetesVersion.split(".");
  return goTool({
    name: "helm",
    package: `${module}/cmd/helm`,
    version,
    ...kubernetesModules(`${module}/cmd/helm`, `${module} ${version}`),
    // What charts are rendered for where no cluster is asked.
    ldflags: [
      `-X ${module}/pkg/chart/common.k8sVersionMajor=${major}`,
      `-X ${module}/pkg/chart/common.k8sVersionMinor=${minor}`,
    ].join(" "),
  });
}

/** What Helm prints. Throws with what it complains about. */
export function helm(args: readonly string[], kubeconfig?: string): string {
  const cluster = kubeconfig === undefined ? [] : ["--kubeconfig", kubeconfig];
  const { status, stdout, stderr } = spawnSync(helmTool(), [...args, ...cluster], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`helm ${args.join(" ")}: ${stderr}`);
  return stdout;
}

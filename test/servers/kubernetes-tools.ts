import { existsSync } from "node:fs";
import { join } from "node:path";
import { type GoTool, goObstacle, goTool } from "./go-tool.ts";

/** The Kubernetes that the tests run against. */
export const kubernetesVersion = "1.34.4";

export type KubernetesToolName =
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-proxy"
  | "kube-scheduler"
  | "kubectl"
  | "kubelet";

/** Modules that k8s.io/kubernetes takes from its own tree: each has to be named for other users. */
const stagingModules = [
  "api",
  "apiextensions-apiserver",
  "apimachinery",
  "apiserver",
  "cli-runtime",
  "client-go",
  "cloud-provider",
  "cluster-bootstrap",
  "code-generator",
  "component-base",
  "component-helpers",
  "controller-manager",
  "cri-api",
  "cri-client",
  "csi-translation-lib",
  "dynamic-resource-allocation",
  "endpointslice",
  "externaljwt",
  "kms",
  "kube-aggregator",
  "kube-controller-manager",
  "kube-proxy",
  "kube-scheduler",
  "kubectl",
  "kubelet",
  "metrics",
  "mount-utils",
  "pod-security-admission",
  "sample-apiserver",
  "sample-cli-plugin",
  "sample-controller",
];

/** Why a program of Kubernetes cannot be had here, undefined where it can. */
export function kubernetesObstacle(): string | undefined {
  return existsSync(assetPath("kube-apiserver") ?? "") ? undefined : goObstacle();
}

/**
 * Path of a program: from the folder that KUBEBUILDER_ASSETS names, else built from source (about
 * six minutes for the API server, the first time).
 */
export function kubernetesTool(name: KubernetesToolName): string {
  const asset = assetPath(name);
  return asset !== undefined && existsSync(asset) ? asset : goTool(buildOf(name));
}

function assetPath(name: KubernetesToolName): string | undefined {
  const folder = process.env["KUBEBUILDER_ASSETS"];
  return folder === undefined ? undefined : join(folder, name);
}

function buildOf(name: KubernetesToolName): GoTool {
  const [major = "", minor = ""] = kubernetesVersion.split(".");
  const version = "k8s.io/component-base/version";
  return {
    name,
    package: `k8s.io/kubernetes/cmd/${name}`,
    version: `v${kubernetesVersion}`,
    ...kubernetesModules(
      `k8s.io/kubernetes/cmd/${name}`,
      `k8s.io/kubernetes v${kubernetesVersion}`,
    ),
    // Without these, clients cannot parse the version that the programs report.
    ldflags: [
      `-X ${version}.gitVersion=v${kubernetesVersion}`,
      `-X ${version}.gitMajor=${major}`,
      `-X ${version}.gitMinor=${minor}`,
    ].join(" "),
  };
}

/** How a tool is built with the modules of {@link kubernetesVersion}. */
export function kubernetesModules(
  tool: string,
  requirement: string,
): Required<Pick<GoTool, "goMod" | "environment">> {
  const staging = kubernetesVersion.replace(/^1/, "v0");
  const replaced = stagingModules.map(
    (module) => `\tk8s.io/${module} => k8s.io/${module} ${staging}`,
  );
  const goMod = [
    "module whorl.test/tools",
    "go 1.25",
    `tool ${tool}`,
    `require ${requirement}`,
    `replace (\n${replaced.join("\n")}\n)`,
    "",
  ].join("\n\n");
  return { goMod, environment: { GONOSUMDB: "k8s.io/*,sigs.k8s.io/*" } };
}

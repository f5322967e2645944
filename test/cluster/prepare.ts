import { containerdObstacle } from "../servers/containerd.ts";
import { containerdReleases } from "../servers/containerd-configuration.ts";
import { programObstacle } from "../servers/debian-package.ts";
import { registryObstacle } from "../servers/docker-registry.ts";
import { currentEtcd } from "../servers/etcd.ts";
import { goTool } from "../servers/go-tool.ts";
import { helmTool } from "../servers/helm.ts";
import { karpenterController } from "../servers/karpenter.ts";
import { kedaProgram } from "../servers/keda.ts";
import { kroController } from "../servers/kro.ts";
import { kueueController } from "../servers/kueue.ts";
import { kubeApiServerObstacle } from "../servers/kube-apiserver.ts";
import { kubernetesTool } from "../servers/kubernetes-tools.ts";
import { redisObstacle } from "../servers/redis.ts";
import { traefikProgram } from "../servers/traefik.ts";

/** Why no cluster can run here, undefined where it can. */
export function clusterObstacle(): string | undefined {
  return (
    containerdObstacle() ??
    kubeApiServerObstacle() ??
    registryObstacle() ??
    programObstacle("skopeo", "skopeo") ??
    programObstacle("iptables", "iptables") ??
    programObstacle("unshare", "util-linux")
  );
}

/** Builds what a cluster needs, before anything waits for it. */
export function prepareClusterTier(): void {
  for (const name of kubernetesPrograms) kubernetesTool(name);
  // As clusters of this version have it: watches without a version to begin at need one like it.
  currentEtcd();
  helmTool();
  const { version, module } = containerdReleases["2.4"];
  for (const name of ["containerd", "containerd-shim-runc-v2", "ctr"]) {
    goTool({ name, package: `${module}/cmd/${name}`, version });
  }
}

/** Why the tests that take minutes cannot run here, undefined where they can. */
export function longClusterObstacle(): string | undefined {
  return clusterObstacle() ?? redisObstacle();
}

/** Builds what the tests that take minutes need besides: half an hour, the first time. */
export function prepareLongClusterTier(): void {
  prepareClusterTier();
  kroController();
  karpenterController();
  traefikProgram();
  kueueController();
  for (const name of ["operator", "adapter"] as const) kedaProgram(name);
}

const kubernetesPrograms = [
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "kube-proxy",
  "kubectl",
] as const;

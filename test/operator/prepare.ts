import { luaObstacle } from "../servers/lua.ts";
import { currentEtcd } from "../servers/etcd.ts";
import { goObstacle } from "../servers/go-tool.ts";
import { kroController } from "../servers/kro.ts";
import { kstatusTool } from "../servers/kstatus.ts";
import { kubeApiServerObstacle } from "../servers/kube-apiserver.ts";
import { kubernetesTool } from "../servers/kubernetes-tools.ts";
import { prepareForeignKinds } from "./foreign-kinds.ts";

/** Why the operator's tier cannot run here, undefined where it can. */
export function operatorObstacle(): string | undefined {
  return goObstacle() ?? kubeApiServerObstacle() ?? luaObstacle();
}

/**
 * Builds what the tier needs, before its first test: about fifteen minutes, the first time. No hook
 * of a test may take so long.
 */
export function prepareOperatorTier(): void {
  for (const name of ["kube-apiserver", "kubectl", "kube-controller-manager"] as const) {
    kubernetesTool(name);
  }
  currentEtcd();
  kroController();
  kstatusTool();
  prepareForeignKinds();
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gatewayApiModule } from "../servers/gateway-api.ts";
import { type GoModule, goModule } from "../servers/go-module.ts";
import { karpenterModule } from "../servers/karpenter.ts";
import { kedaModule } from "../servers/keda.ts";
import { kroModule } from "../servers/kro.ts";

/** Kinds of another project, as the project itself defines them. */
export interface Definitions {
  /** What people call the project. */
  readonly project: string;
  readonly module: GoModule;
  /** Files of the module with one CustomResourceDefinition each. */
  readonly files: readonly string[];
}

/** A manifest of ours with such kinds. */
export interface ForeignManifest {
  /** Below `deploy/`. */
  readonly file: string;
  readonly definitions: Definitions;
  /** Kind and name as kubectl prints them. */
  readonly object: string;
  /** A mistake that the definition has to find: what is written for what, and the field at fault. */
  readonly mistake: readonly [text: string, wrong: string, field: string];
}

const keda: Definitions = {
  project: "KEDA",
  module: kedaModule,
  files: ["config/crd/bases/keda.sh_scaledobjects.yaml"],
};

const gatewayApi: Definitions = {
  project: "Gateway API",
  module: gatewayApiModule,
  files: ["config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"],
};

const karpenter: Definitions = {
  project: "Karpenter",
  module: karpenterModule,
  files: ["pkg/apis/crds/karpenter.sh_nodepools.yaml"],
};

const clusterApi: Definitions = {
  project: "Cluster API",
  module: {
    path: "sigs.k8s.io/cluster-api",
    version: "v1.14.2",
    sum: "h1:o3GFNaeNFAOEEMpDPfhCK+2CjmV6gtQ8yLEcUwCg7bA=",
  },
  files: ["core/config/crd/bases/addons.cluster.x-k8s.io_clusterresourcesets.yaml"],
};

/** Its kinds are in the chart too. */
export const prometheusOperator: Definitions = {
  project: "Prometheus Operator",
  module: {
    path: "github.com/prometheus-operator/prometheus-operator",
    version: "v0.85.0",
    sum: "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
  },
  files: [
    "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
    "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
  ],
};

const kro: Definitions = {
  project: "kro",
  module: kroModule,
  files: ["helm/crds/kro.run_resourcegraphdefinitions.yaml"],
};

/** Manifests whose controllers cannot all run in a test; the API server holds them against their definitions. */
export const foreignManifests: readonly ForeignManifest[] = [
  {
    file: "samples/keda.yaml",
    definitions: keda,
    object: "scaledobject.keda.sh/worker",
    mistake: ["minReplicaCount", "minReplicas", "spec.minReplicas"],
  },
  {
    file: "samples/gateway-route.yaml",
    definitions: gatewayApi,
    object: "httproute.gateway.networking.k8s.io/web",
    mistake: ["weight: 9", "share: 9", "spec.rules[1].backendRefs[0].share"],
  },
  {
    file: "samples/karpenter-node-pool.yaml",
    definitions: karpenter,
    object: "nodepool.karpenter.sh/wasm",
    mistake: ["startupTaints", "startTaints", "spec.template.spec.startTaints"],
  },
  {
    file: "samples/cluster-api-resource-set.yaml",
    definitions: clusterApi,
    object: "clusterresourceset.addons.cluster.x-k8s.io/whorl",
    mistake: ["Reconcile", "Always", "spec.strategy"],
  },
  {
    file: "samples/kro-resource-graph.yaml",
    definitions: kro,
    object: "resourcegraphdefinition.kro.run/greeter",
    mistake: ["readyWhen", "readyIf", "spec.resources[1].readyIf"],
  },
  {
    file: "monitoring/pod-monitor.yaml",
    definitions: prometheusOperator,
    object: "podmonitor.monitoring.coreos.com/whorl-apps",
    mistake: ["podMetricsEndpoints", "endpoints", "spec.endpoints"],
  },
];

/** Texts of the definitions. */
export function definitionsOf({ module, files }: Definitions): readonly string[] {
  const folder = goModule(module);
  return files.map((file) => readFileSync(join(folder, file), "utf8"));
}

/** Downloads what the tests need, before the first of them. */
export function prepareForeignKinds(): void {
  for (const { definitions } of foreignManifests) goModule(definitions.module);
}

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";

const folder = fileURLToPath(new URL("../../deploy/health/", import.meta.url));
const kinds = ["SpinApp", "SpinAppExecutor"] as const;

/** Argo CD's rule for a kind, in Lua. */
export function argoRule(kind: (typeof kinds)[number]): string {
  return readFileSync(`${folder}argocd/core.spinkube.dev_${kind}.lua`, "utf8");
}

/** What is merged into the ConfigMap argocd-cm: the rules as they are. */
export function argoSettings(): string {
  const key = (kind: string): string => `resource.customizations.health.core.spinkube.dev_${kind}`;
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "argocd-cm", namespace: "argocd" },
    data: Object.fromEntries(kinds.map((kind) => [key(kind), argoRule(kind)])),
  };
  return `# Made of the .lua files beside it: kubectl patch -n argocd cm argocd-cm --patch-file argocd-cm.yaml\n${stringify(object, { lineWidth: 0 })}`;
}

/** Path of the settings in the tree. */
export const argoSettingsFile: string = `${folder}argocd/argocd-cm.yaml`;

export interface FluxExpressions {
  readonly current: string;
  readonly inProgress: string;
  readonly failed: string;
}

/** The CEL expressions of the Flux example. */
export function fluxExpressions(): FluxExpressions {
  const text = readFileSync(`${folder}flux/kustomization.yaml`, "utf8");
  const { spec } = parse(text) as {
    readonly spec: { readonly healthCheckExprs: FluxExpressions[] };
  };
  const [first] = spec.healthCheckExprs;
  if (first === undefined) throw new Error("no healthCheckExprs");
  return first;
}

import { parseAllDocuments, stringify } from "yaml";

interface Manifest {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
}

const namespace = "whorl";
const header = "# Made from deploy/chart by deploy/generate-manifests.ts.\n";

/** Labels and annotations that only mean something to Helm. */
const ofHelm = ["helm.sh/chart", "app.kubernetes.io/managed-by", "helm.sh/resource-policy"];

/** What Helm has to be asked for. */
export const templateArguments: readonly string[] = ["--namespace", namespace, "--include-crds"];

/** Files of deploy/manifests with their text, from what `helm template` prints. */
export function plainManifests(rendered: string): Readonly<Record<string, string>> {
  const manifests = parseAllDocuments(rendered)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null)
    .map(withoutHelm);
  const isDefinition = ({ kind }: Manifest): boolean => kind === "CustomResourceDefinition";
  return {
    "namespace.yaml": text([namespaceManifest]),
    "crds.yaml": text(manifests.filter(isDefinition)),
    "install.yaml": text(manifests.filter((manifest) => !isDefinition(manifest))),
    "kustomization.yaml": text([kustomization]),
  };
}

const namespaceManifest = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: {
    name: namespace,
    // The agent works on the node itself.
    labels: { "pod-security.kubernetes.io/enforce": "privileged" },
  },
};

const kustomization = {
  apiVersion: "kustomize.config.k8s.io/v1beta1",
  kind: "Kustomization",
  resources: ["namespace.yaml", "crds.yaml", "install.yaml"],
};

function withoutHelm(manifest: Manifest): Manifest {
  const { metadata } = manifest;
  for (const part of ["labels", "annotations"] as const) {
    const kept = Object.entries(metadata[part] ?? {}).filter(([name]) => !ofHelm.includes(name));
    if (kept.length > 0) metadata[part] = Object.fromEntries(kept);
    else delete metadata[part];
  }
  return manifest;
}

function text(objects: readonly object[]): string {
  const options = { lineWidth: 0, aliasDuplicateObjects: false };
  return header + objects.map((object) => stringify(object, options)).join("---\n");
}

/** Attributes of the pod and container for whatever is told of them, as OpenTelemetry names them. */
export type PodAttributes = readonly (readonly [name: string, value: string])[];

const annotated: readonly (readonly [attribute: string, annotation: string])[] = [
  ["k8s.namespace.name", "io.kubernetes.cri.sandbox-namespace"],
  ["k8s.pod.name", "io.kubernetes.cri.sandbox-name"],
  ["k8s.pod.uid", "io.kubernetes.cri.sandbox-uid"],
  ["k8s.container.name", "io.kubernetes.cri.container-name"],
];

/** What a container's annotations say of its pod; nothing where it is not run by Kubernetes. */
export function podAttributes(annotations: ReadonlyMap<string, string>): PodAttributes {
  const known = annotated.flatMap(([attribute, annotation]): [string, string][] => {
    const value = annotations.get(annotation) ?? "";
    return value === "" ? [] : [[attribute, value]];
  });
  const names = new Map(known);
  const instance = ["k8s.namespace.name", "k8s.pod.name", "k8s.container.name"].map((name) =>
    names.get(name),
  );
  // As OpenTelemetry's operator composes it.
  return instance.includes(undefined)
    ? known
    : [...known, ["service.instance.id", instance.join(".")]];
}

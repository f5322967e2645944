/** A SpinApp of one of the test's images; `spec` is YAML in flow style. */
export function app(name: string, image: string, spec = ""): string {
  const more = spec === "" ? "" : `, ${spec}`;
  return `{apiVersion: core.spinkube.dev/v1alpha1, kind: SpinApp, metadata: {name: ${name}}, spec: {image: "registry.example/whorl/${image}", executor: containerd-shim-spin${more}}}`;
}

/** Asks every second whether the app answers. */
export const health =
  "checks: {readiness: {httpGet: {path: /.well-known/spin/health}, initialDelaySeconds: 0, periodSeconds: 1}}";

/** Two pods of an app, each on another node. */
export function onTwoNodes(name: string): string {
  const labels = `{matchLabels: {core.spinkube.dev/app-name: ${name}}}`;
  return `replicas: 2, topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: ${labels}}]`;
}

/** A container under runc beside the app. */
export const ordinary =
  "{name: box, image: 'registry.example/busybox:1', command: [sh, -c, 'echo up; exec sleep 100000']}";

import {
  containerSecurity,
  envVar,
  httpHeaders,
  localReference,
  resourceAmounts,
  volumeMount,
} from "./core-schemas.ts";
import {
  atomicList,
  boolean,
  int32,
  int64,
  intOrString,
  list,
  object,
  string,
} from "./json-schema.ts";
import type { JsonSchema } from "./json-schema.ts";

const exec = object("A command in the container.", {
  command: atomicList("Program and arguments; no shell.", string()),
});
const httpGet = object("An HTTP request to the pod.", {
  host: string("Host to connect to; the pod where not given."),
  httpHeaders,
  path: string("Path of the request."),
  "port!": intOrString("Number or name of the port."),
  scheme: string("HTTP or HTTPS."),
});
const tcpSocket = object("A TCP connection.", {
  host: string("Host to connect to; the pod where not given."),
  "port!": intOrString("Number or name of the port."),
});
const hook = (when: string): JsonSchema =>
  object(when, {
    exec,
    httpGet,
    sleep: object("A pause.", { "seconds!": int64("How long.") }),
    tcpSocket,
  });
const probe = (description: string): JsonSchema =>
  object(description, {
    exec,
    failureThreshold: int32("Failures in a row that count as failed."),
    grpc: object("A gRPC health check.", {
      "port!": int32("Port."),
      service: string("Service to ask for."),
    }),
    httpGet,
    initialDelaySeconds: int32("Wait before the first probe."),
    periodSeconds: int32("Time between probes."),
    successThreshold: int32("Successes in a row that count as healthy."),
    tcpSocket,
    terminationGracePeriodSeconds: int64("Grace period after a failed probe."),
    timeoutSeconds: int32("Time for one probe."),
  });

/**
 * core/v1 Container. Typed as far as Kubernetes 1.34 knows it, so that `kubectl explain` and typed
 * CEL of other controllers see every field. What a later Kubernetes adds is preserved rather than
 * pruned silently: the API server judges it when the Deployment is applied.
 */
export const container: JsonSchema = object(
  "An ordinary container of the pod.",
  {
    args: atomicList("Arguments.", string()),
    command: atomicList("Program; that of the image where not given.", string()),
    env: list("Environment.", envVar("One variable.")),
    envFrom: atomicList(
      "Whole ConfigMaps and Secrets as environment.",
      object("", {
        configMapRef: optionalReference("ConfigMap"),
        prefix: string("Put before each name."),
        secretRef: optionalReference("Secret"),
      }),
    ),
    image: string("Image."),
    imagePullPolicy: string("Always, IfNotPresent or Never."),
    lifecycle: object("What runs at start and end.", {
      postStart: hook("Runs right after the start."),
      preStop: hook("Runs before the end."),
      stopSignal: string("Signal that ends the container."),
    }),
    livenessProbe: probe("The container is restarted when it fails."),
    "name!": string("Name, unique in the pod.", { maxLength: 63 }),
    ports: list(
      "Ports that the container listens on.",
      object("", {
        "containerPort!": int32("Port in the pod."),
        hostIP: string("Address of the node to bind."),
        hostPort: int32("Port of the node."),
        name: string("Name that Services refer to."),
        protocol: string("TCP, UDP or SCTP."),
      }),
    ),
    readinessProbe: probe("The pod gets no traffic while it fails."),
    resizePolicy: atomicList(
      "What a change of resources does.",
      object("", { "resourceName!": string(), "restartPolicy!": string() }),
    ),
    resources: object("Limits and requests.", {
      ...resourceAmounts,
      claims: list(
        "Device claims.",
        object("", { "name!": string("Claim of the pod."), request: string("Request in it.") }),
      ),
    }),
    restartPolicy: string("Always, in an init container: a sidecar that starts before the app."),
    securityContext: containerSecurity,
    startupProbe: probe("The other probes wait until it succeeds."),
    stdin: boolean("Keep standard input open."),
    stdinOnce: boolean("Close standard input after the first client."),
    terminationMessagePath: string("File with the last words."),
    terminationMessagePolicy: string("File or FallbackToLogsOnError."),
    tty: boolean("Give it a terminal."),
    volumeDevices: list(
      "Block devices.",
      object("", { "devicePath!": string("Path."), "name!": string("Claim.") }),
    ),
    volumeMounts: list("Volumes.", volumeMount),
    workingDir: string("Working directory."),
  },
  { "x-kubernetes-preserve-unknown-fields": true },
);

function optionalReference(kind: string): JsonSchema {
  const reference = localReference(`A ${kind} in the same namespace.`);
  return {
    ...reference,
    properties: {
      ...reference.properties,
      optional: boolean("Whether it may be missing."),
    },
  };
}

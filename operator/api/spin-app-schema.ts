import { container } from "./container-schema.ts";
import {
  containerSecurity,
  envVar,
  httpHeaders,
  keyReference,
  localReference,
  podSecurity,
  resourceAmounts,
  volumeMount,
} from "./core-schemas.ts";
import { boolean, int32, int64, list, map, object, string } from "./json-schema.ts";
import type { JsonSchema } from "./json-schema.ts";
import { autoscaling, jobSchema, podDisruptionBudget, strategy } from "./workload-schema.ts";
import { invocationRules, probeRules, runtimeConfigRules, specRules } from "./spin-app-rules.ts";
import { scheduling } from "./scheduling-schema.ts";
import { volume } from "./volume-schema.ts";

function healthProbe(description: string): JsonSchema {
  return object(
    description,
    {
      failureThreshold: int32("Failures in a row that count as failed.", { default: 3 }),
      grpc: object("A gRPC health check.", {
        port: int32("Port; the app's own where not given."),
        service: string("Service to ask for."),
      }),
      httpGet: object("An HTTP request to the app; 200 to 399 is success.", {
        httpHeaders,
        "path!": string("Path of the request."),
      }),
      initialDelaySeconds: int32("Wait before the first probe.", { default: 10 }),
      periodSeconds: int32("Time between probes.", { default: 10 }),
      successThreshold: int32("Successes in a row that count as healthy.", { default: 1 }),
      tcpSocket: object("A TCP connection to the app.", {
        port: int32("Port; the app's own where not given."),
      }),
      timeoutSeconds: int32("Time for one probe.", { default: 1 }),
    },
    { "x-kubernetes-validations": probeRules },
  );
}

const storeOptions: JsonSchema = list(
  "Settings of the backend.",
  object("", {
    "name!": string("Key in the runtime configuration, such as `url`."),
    value: string("Value, written here. Wins over valueFrom unless it is empty."),
    valueFrom: object("Where the value comes from.", {
      configMapKeyRef: keyReference("ConfigMap"),
      secretKeyRef: keyReference("Secret"),
    }),
    valueType: string("How the value is written in the runtime configuration.", {
      enum: ["string", "integer", "float", "boolean"],
    }),
  }),
);

function store(description: string): JsonSchema {
  return list(
    description,
    object("", {
      "name!": string("Label that components use, such as `default`.", { maxLength: 253 }),
      options: storeOptions,
      "type!": string("Kind of backend, such as `redis`."),
    }),
    { maxItems: 64 },
  );
}

const runtimeConfig: JsonSchema = object(
  "Backends of the app: key-value stores, SQLite databases, language models.",
  {
    keyValueStores: store("Key-value stores."),
    llmCompute: object("Backend for inference.", {
      options: storeOptions,
      "type!": string("Kind of backend, such as `remote_http`."),
    }),
    loadFromSecret: string(
      "Secret whose key `runtime-config.toml` is the whole configuration; the rest is ignored then.",
    ),
    sqliteDatabases: store("SQLite databases."),
  },
  { "x-kubernetes-validations": runtimeConfigRules },
);

const service: JsonSchema = object("How the app's Service looks.", {
  annotations: map("Added to serviceAnnotations."),
  appProtocol: string("Protocol for gateways and meshes: `http`, `kubernetes.io/h2c`."),
  port: int32("Port of the Service; 80 where not given.", { minimum: 1, maximum: 65_535 }),
  type: string("ClusterIP where not given.", {
    enum: ["ClusterIP", "NodePort", "LoadBalancer"],
  }),
});

const guestMounts: JsonSchema = list(
  "How components see volume mounts; one that is not named here, all see at its mountPath.",
  object("", {
    components: list("Components that see it; all where not given.", string()),
    "guestPath!": string("Path in the guest's file system."),
    "mountPath!": string("The mountPath of one of volumeMounts."),
    readOnly: boolean("Whether guests can only read."),
  }),
);

const telemetry: JsonSchema = object(
  "Where this app sends traces, metrics and logs. Each field given here wins over the executor's.",
  {
    endpoint: string("OTLP endpoint for everything."),
    tracesEndpoint: string("OTLP endpoint for traces."),
    metricsEndpoint: string("OTLP endpoint for metrics."),
    logsEndpoint: string("OTLP endpoint for logs."),
    headersFrom: keyReference("Secret"),
    protocol: string("Protocol of the endpoints.", {
      enum: ["grpc", "http/protobuf", "http/json"],
    }),
    resourceAttributes: map("Attributes of everything that the app sends."),
    serviceName: string("Name of the app in traces; its own where not given."),
    metricsPort: int32(
      "Port at which each pod offers metrics to Prometheus; none where not given.",
      {
        minimum: 1,
        maximum: 65_535,
      },
    ),
    logFormat: string("Form of the app's lines in the log; text where not given.", {
      enum: ["text", "json"],
    }),
    traceShare: string(
      "Part of the traces that is sent, 0 to 1, where the caller does not decide.",
      {
        pattern: "^(0(\\.[0-9]+)?|1(\\.0+)?)$",
      },
    ),
  },
);

/** Fields that spin-operator 0.6 has. The order is that of `kubectl explain`: important first. */
const existing: Readonly<Record<string, JsonSchema>> = {
  "executor!": string(
    "SpinAppExecutor that runs the app. An empty name selects the namespace's or cluster's default.",
    { maxLength: 253 },
  ),
  "image!": string("OCI reference of the app."),
  replicas: int32("Number of pods, 1 where not given. 0 keeps everything but the pods."),
  enableAutoscaling: boolean("Somebody else sets the number of pods, such as an autoscaler.", {
    default: false,
  }),
  variables: list("Variables of the app.", envVar("One variable of the app.", 253), {
    maxItems: 1024,
  }),
  components: list("Components to run; all where not given.", string(), { minItems: 1 }),
  runtimeConfig,
  checks: object("Health checks of the app.", {
    liveness: healthProbe("The app is restarted when it fails."),
    readiness: healthProbe("The app gets no requests while it fails."),
    startup: healthProbe("The other checks wait until it succeeds."),
  }),
  resources: object("CPU and memory of each pod's app container.", resourceAmounts),
  invocationLimits: map(
    "Limits of one invocation: `memory` (bytes of linear memory), `whorl.dev/time`, `whorl.dev/cpu` (durations such as 500ms) and `whorl.dev/concurrency` (invocations at a time in one pod).",
    string("", { maxLength: 64 }),
    { maxProperties: 64, "x-kubernetes-validations": invocationRules },
  ),
  volumes: list("Volumes of the pods.", volume, { maxItems: 512 }),
  volumeMounts: list("Where volumes appear in the app's container.", volumeMount),
  imagePullSecrets: list(
    "Credentials for the image.",
    localReference("A Secret of a docker-registry type."),
  ),
  serviceAccountName: string("Service account of the pods; `default` where not given."),
  podLabels: map("Labels of the pods."),
  podAnnotations: map("Annotations of the pods."),
  deploymentAnnotations: map("Annotations of the Deployment."),
  serviceAnnotations: map("Annotations of the Service."),
};

/** Optional fields beyond spin-operator. */
const further: Readonly<Record<string, JsonSchema>> = {
  containers: list("Ordinary containers beside the app, in the same pod.", container, {
    maxItems: 32,
  }),
  initContainers: list("Ordinary containers that run before the app.", container, {
    maxItems: 32,
  }),
  args: list("Arguments of a command app.", string()),
  port: int32("Port that the app listens on; 80 where not given.", { minimum: 1, maximum: 65_535 }),
  service,
  autoscaling,
  podDisruptionBudget,
  strategy,
  job: jobSchema,
  isolation: string(
    "With whom the app shares a host process: nobody, apps of its namespace, or all apps.",
    { enum: ["pod", "namespace", "shared"] },
  ),
  guestMounts,
  telemetry,
  ...scheduling,
  securityContext: containerSecurity,
  podSecurityContext: podSecurity,
  imagePullPolicy: string("When the image is pulled.", {
    enum: ["Always", "IfNotPresent", "Never"],
  }),
  terminationGracePeriodSeconds: int64("Time that a pod has for ending its requests.", {
    minimum: 0,
  }),
};

/** Schema of SpinApp.spec. */
export const spinAppSpec: JsonSchema = object(
  "What is wanted.",
  { ...existing, ...further },
  { "x-kubernetes-validations": specRules },
);

/** Schema of one of status.conditions: metav1.Condition. */
export const condition: JsonSchema = object("One observation, such as Ready.", {
  "lastTransitionTime!": string("When the status changed last.", { format: "date-time" }),
  "message!": string("The observation for people.", { maxLength: 32_768 }),
  observedGeneration: int64("Generation of the spec that it is about.", { minimum: 0 }),
  "reason!": string("The observation in one word.", {
    maxLength: 1024,
    minLength: 1,
    pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
  }),
  "status!": string("Whether it holds.", { enum: ["True", "False", "Unknown"] }),
  "type!": string("What is observed.", {
    maxLength: 316,
    pattern:
      "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
  }),
});

/** Schema of SpinApp.status. */
export const spinAppStatus: JsonSchema = object("What is observed.", {
  conditions: list(
    "Ready, Available, Progressing; Reconciling and Stalled only while they hold.",
    condition,
  ),
  activeScheduler: string("Executor that runs the app."),
  deploymentName: string("Name of the Deployment."),
  jobName: string("Name of the Job or CronJob."),
  finishedJob: string(
    "Name of the Job once it has finished; one with a time to live is not run again.",
  ),
  serviceName: string("Name of the Service."),
  url: string("Where the app answers inside the cluster."),
  observedGeneration: int64("Generation of the spec that this status is about."),
  "readyReplicas!": int32("Pods that answer."),
  replicas: int32("Pods that exist."),
  updatedReplicas: int32("Pods that run the newest version."),
  selector: string("Label selector of the pods, for autoscalers."),
  image: string("Image of the newest pods."),
  imageDigest: string("Digest that the image resolved to."),
  referencesBaseline: string(
    "Digest of the referenced values that the pods started with when the app was first seen.",
  ),
  runtimeConfigSecret: string("Secret with the generated runtime configuration."),
});

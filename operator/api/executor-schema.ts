import { boolean, object, string } from "./json-schema.ts";
import type { JsonSchema } from "./json-schema.ts";
import { executorRules } from "./spin-app-rules.ts";

const otel: JsonSchema = object("Where apps send telemetry.", {
  exporter_otlp_endpoint: string("OTLP endpoint for everything."),
  exporter_otlp_logs_endpoint: string("OTLP endpoint for logs."),
  exporter_otlp_metrics_endpoint: string("OTLP endpoint for metrics."),
  exporter_otlp_traces_endpoint: string("OTLP endpoint for traces."),
});

/** Schema of SpinAppExecutor.spec. */
export const executorSpec: JsonSchema = object(
  "How apps are run.",
  {
    "createDeployment!": boolean(
      "Whether the operator makes a Deployment for each app, or something else runs them.",
    ),
    deploymentConfig: object("What the Deployments look like; needed with createDeployment.", {
      runtimeClassName: string("RuntimeClass of the pods. Either this or spinImage."),
      spinImage: string(
        "Image with the Spin CLI, which then runs apps in an ordinary container. Their images must be public.",
      ),
      caCertSecret: string("Secret whose key `ca-certificates.crt` the apps trust."),
      installDefaultCACerts: boolean(
        "Make that Secret, `spin-ca` if unnamed, with the public certificate authorities.",
      ),
      otel,
    }),
    clusterDefault: boolean(
      "Apps of all namespaces may use this executor, and those without one get it. Counts only in the operator's own namespace.",
    ),
  },
  { "x-kubernetes-validations": executorRules },
);

/** Schema of SpinAppExecutor.status. */
export const executorStatus: JsonSchema = object("What is observed.", {});

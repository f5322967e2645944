import { executorSpec, executorStatus } from "./executor-schema.ts";
import type { JsonSchema } from "./json-schema.ts";
import { object, string } from "./json-schema.ts";
import { group, version } from "./names.ts";
import { nameRules } from "./spin-app-rules.ts";
import { spinAppSpec, spinAppStatus } from "./spin-app-schema.ts";

/** A column of `kubectl get`. */
interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: number;
}

interface CrdParts {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly schema: JsonSchema;
  readonly columns: readonly PrinterColumn[];
  readonly subresources: Readonly<Record<string, unknown>>;
}

/** A CustomResourceDefinition as it is applied. */
export type CustomResourceDefinition = Readonly<Record<string, unknown>>;

const objectMeta = {
  apiVersion: string("Version of this schema."),
  kind: string("Kind of the object."),
  metadata: { type: "object" },
} as const;

const readyCondition = ".status.conditions[?(@.type=='Ready')].reason";

const spinAppColumns: readonly PrinterColumn[] = [
  {
    name: "Ready",
    type: "integer",
    jsonPath: ".status.readyReplicas",
    description: "Pods that answer",
  },
  { name: "Desired", type: "integer", jsonPath: ".spec.replicas", description: "Pods wanted" },
  {
    name: "Executor",
    type: "string",
    jsonPath: ".spec.executor",
    description: "What runs the app",
  },
  {
    name: "Status",
    type: "string",
    jsonPath: readyCondition,
    description: "Why it is ready or not",
  },
  { name: "URL", type: "string", jsonPath: ".status.url", description: "Where it answers" },
  { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "Since when" },
  {
    name: "Deployment",
    type: "string",
    jsonPath: ".status.deploymentName",
    description: "Name of the Deployment",
    priority: 1,
  },
  {
    name: "Service",
    type: "string",
    jsonPath: ".status.serviceName",
    description: "Name of the Service",
    priority: 1,
  },
  {
    name: "Image",
    type: "string",
    jsonPath: ".spec.image",
    description: "Image of the app",
    priority: 1,
  },
];

const executorColumns: readonly PrinterColumn[] = [
  {
    name: "RuntimeClass",
    type: "string",
    jsonPath: ".spec.deploymentConfig.runtimeClassName",
    description: "RuntimeClass of the pods",
  },
  {
    name: "SpinImage",
    type: "string",
    jsonPath: ".spec.deploymentConfig.spinImage",
    description: "Image with the Spin CLI",
    priority: 1,
  },
  { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "Since when" },
];

/**
 * What status is before the operator has looked: without a generation that is not the object's, kstatus
 * (Helm, Flux) would take a new app for one that is ready.
 */
const unseenStatus = { observedGeneration: -1, readyReplicas: 0 } as const;

/** The definition of SpinApp. */
export function spinAppCrd(): CustomResourceDefinition {
  return crd({
    kind: "SpinApp",
    plural: "spinapps",
    shortNames: ["spin"],
    schema: object(
      "A WebAssembly app: what to run, how often, with which configuration.",
      { ...objectMeta, spec: spinAppSpec, status: { ...spinAppStatus, default: unseenStatus } },
      { "x-kubernetes-validations": nameRules },
    ),
    columns: spinAppColumns,
    subresources: {
      status: {},
      scale: {
        specReplicasPath: ".spec.replicas",
        statusReplicasPath: ".status.replicas",
        labelSelectorPath: ".status.selector",
      },
    },
  });
}

/** The definition of SpinAppExecutor. */
export function executorCrd(): CustomResourceDefinition {
  return crd({
    kind: "SpinAppExecutor",
    plural: "spinappexecutors",
    shortNames: ["spinexec"],
    schema: object("A way to run apps: a RuntimeClass, or the Spin CLI in a container.", {
      ...objectMeta,
      spec: executorSpec,
      status: executorStatus,
    }),
    columns: executorColumns,
    subresources: { status: {} },
  });
}

function crd(parts: CrdParts): CustomResourceDefinition {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${parts.plural}.${group}` },
    spec: {
      group,
      names: {
        kind: parts.kind,
        listKind: `${parts.kind}List`,
        plural: parts.plural,
        singular: parts.kind.toLowerCase(),
        shortNames: parts.shortNames,
        categories: ["all", "spinkube"],
      },
      scope: "Namespaced",
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: parts.schema },
          additionalPrinterColumns: parts.columns,
          subresources: parts.subresources,
        },
      ],
    },
  };
}

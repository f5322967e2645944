import { labelSelector } from "./core-schemas.ts";
import { atomicList, int32, int64, list, map, object, string } from "./json-schema.ts";
import type { JsonSchema } from "./json-schema.ts";

const nodeRequirement = object("", {
  "key!": string("Label or field of the node."),
  "operator!": string("In, NotIn, Exists, DoesNotExist, Gt or Lt."),
  values: atomicList("Values to compare with.", string()),
});
const nodeTerm = object(
  "",
  {
    matchExpressions: atomicList("Requirements on labels.", nodeRequirement),
    matchFields: atomicList("Requirements on fields.", nodeRequirement),
  },
  { "x-kubernetes-map-type": "atomic" },
);
const podTerm = object("", {
  labelSelector,
  matchLabelKeys: atomicList("Labels of this pod to select by.", string()),
  mismatchLabelKeys: atomicList("Labels of this pod to exclude by.", string()),
  namespaceSelector: labelSelector,
  namespaces: atomicList("Namespaces; this one where not given.", string()),
  "topologyKey!": string("Label that says which nodes belong together."),
});
const weight = int32("1 to 100.");

function podAffinity(description: string): JsonSchema {
  return object(description, {
    preferredDuringSchedulingIgnoredDuringExecution: atomicList(
      "Wishes.",
      object("", { "podAffinityTerm!": podTerm, "weight!": weight }),
    ),
    requiredDuringSchedulingIgnoredDuringExecution: atomicList("Conditions.", podTerm),
  });
}

/** core/v1 Affinity. */
export const affinity: JsonSchema = object("Which nodes and neighbours the pods want.", {
  nodeAffinity: object("Nodes.", {
    preferredDuringSchedulingIgnoredDuringExecution: atomicList(
      "Wishes.",
      object("", { "preference!": nodeTerm, "weight!": weight }),
    ),
    requiredDuringSchedulingIgnoredDuringExecution: object(
      "Conditions.",
      { "nodeSelectorTerms!": atomicList("One of these must hold.", nodeTerm) },
      { "x-kubernetes-map-type": "atomic" },
    ),
  }),
  podAffinity: podAffinity("Neighbours to have."),
  podAntiAffinity: podAffinity("Neighbours to avoid."),
});

/** core/v1 Toleration list. */
export const tolerations: JsonSchema = atomicList(
  "Taints that the pods tolerate.",
  object("", {
    effect: string("NoSchedule, PreferNoSchedule or NoExecute; all where not given."),
    key: string("Key of the taint; all where not given."),
    operator: string("Exists or Equal."),
    tolerationSeconds: int64("How long NoExecute is tolerated."),
    value: string("Value of the taint."),
  }),
);

/** core/v1 TopologySpreadConstraint list. */
const topologySpread: JsonSchema = list(
  "How the pods spread over zones or nodes.",
  object("", {
    labelSelector,
    matchLabelKeys: atomicList("Labels of this pod to select by.", string()),
    "maxSkew!": int32("How uneven it may be."),
    minDomains: int32("Fewest domains to count."),
    nodeAffinityPolicy: string("Honor or Ignore."),
    nodeTaintsPolicy: string("Honor or Ignore."),
    "topologyKey!": string("Label of the nodes."),
    "whenUnsatisfiable!": string("DoNotSchedule or ScheduleAnyway."),
  }),
);

/** What the scheduler reads; all of it goes to the pods as it is. */
export const scheduling: Readonly<Record<string, JsonSchema>> = {
  nodeSelector: map("Labels that the node must have."),
  tolerations,
  affinity,
  topologySpreadConstraints: topologySpread,
  priorityClassName: string("PriorityClass of the pods."),
  schedulerName: string("Scheduler of the pods; the cluster's own where not given."),
};

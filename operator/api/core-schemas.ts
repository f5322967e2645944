import {
  atomicList,
  boolean,
  int32,
  int64,
  list,
  map,
  object,
  quantity,
  string,
} from "./json-schema.ts";
import type { JsonSchema } from "./json-schema.ts";

/** Pieces of core/v1 that several of our fields contain. */

const atomic = { "x-kubernetes-map-type": "atomic" } as const;

export function localReference(description: string): JsonSchema {
  return object(description, { name: referencedName }, atomic);
}

const referencedName: JsonSchema = string("Name of the object, in the same namespace.", {
  default: "",
});

/** One key of a ConfigMap or Secret. */
export function keyReference(kind: "ConfigMap" | "Secret"): JsonSchema {
  return object(
    `One key of a ${kind} in the same namespace.`,
    {
      "key!": string(`Key within the ${kind}.`),
      name: referencedName,
      optional: boolean(`Whether the ${kind} or the key may be missing.`),
    },
    atomic,
  );
}

const fieldReference: JsonSchema = object(
  "A field of the pod, such as `metadata.name` or `status.podIP`.",
  {
    apiVersion: string("Version that fieldPath is written for; v1 where not given."),
    "fieldPath!": string("Path of the field."),
  },
  atomic,
);

const resourceFieldReference: JsonSchema = object(
  "A resource limit or request of a container.",
  {
    containerName: string("Container whose resource is meant."),
    divisor: quantity("Unit of the result; 1 where not given."),
    "resource!": string("Resource, such as `limits.memory`."),
  },
  atomic,
);

const fileKeyReference: JsonSchema = object(
  "One key of a file in env format that lies in a volume.",
  {
    "key!": string("Key within the file."),
    optional: boolean("Whether the file or the key may be missing.", { default: false }),
    "path!": string("Path of the file within the volume, relative and without `..`."),
    "volumeName!": string("Volume that holds the file."),
  },
  atomic,
);

/** core/v1 EnvVarSource. */
const envVarSource: JsonSchema = object("Where the value comes from.", {
  configMapKeyRef: keyReference("ConfigMap"),
  fieldRef: fieldReference,
  fileKeyRef: fileKeyReference,
  resourceFieldRef: resourceFieldReference,
  secretKeyRef: keyReference("Secret"),
});

/** core/v1 EnvVar; the name is bounded where rules read it. */
export function envVar(description: string, nameLengthMax?: number): JsonSchema {
  return object(description, {
    "name!": string("Name.", nameLengthMax === undefined ? {} : { maxLength: nameLengthMax }),
    value: string("Value, written here."),
    valueFrom: envVarSource,
  });
}

export const volumeMount: JsonSchema = object("Where a volume appears in the container.", {
  "mountPath!": string("Path in the container."),
  mountPropagation: string("How mounts spread between host and container; None by default."),
  "name!": string("Name of one of the volumes."),
  readOnly: boolean("Whether the container can only read."),
  recursiveReadOnly: string(
    "Whether mounts below are read-only too: Disabled, IfPossible or Enabled.",
  ),
  subPath: string("Path within the volume; its root where not given."),
  subPathExpr: string("Like subPath, with $(NAME) replaced from the environment."),
});

export const resourceAmounts = {
  limits: map("The most that may be used.", quantity()),
  requests: map("What the scheduler sets aside.", quantity()),
} as const;

export const labelSelector: JsonSchema = object(
  "Selects objects by their labels.",
  {
    matchExpressions: atomicList(
      "Requirements, all of which must hold.",
      object("", {
        "key!": string("Label."),
        "operator!": string("In, NotIn, Exists or DoesNotExist."),
        values: atomicList("Values for In and NotIn.", string()),
      }),
    ),
    matchLabels: map("Labels and the values that they must have."),
  },
  atomic,
);

/** `items` of ConfigMap and Secret volumes. */
export const keyToPath: JsonSchema = atomicList(
  "Keys to project; all of them where not given.",
  object("", {
    "key!": string("Key."),
    mode: int32("Permission bits of the file."),
    "path!": string("Path of the file within the volume."),
  }),
);

/** `items` of downward API volumes. */
export const downwardItems: JsonSchema = atomicList(
  "Files and the fields of the pod that they hold.",
  object("", {
    fieldRef: fieldReference,
    mode: int32("Permission bits of the file."),
    "path!": string("Path of the file within the volume."),
    resourceFieldRef: resourceFieldReference,
  }),
);

/** core/v1 SELinuxOptions, WindowsSecurityContextOptions and profiles, shared by pod and container. */
const seLinux = object("SELinux labels.", {
  level: string(),
  role: string(),
  type: string(),
  user: string(),
});
const windows = object("Settings for Windows nodes.", {
  gmsaCredentialSpec: string(),
  gmsaCredentialSpecName: string(),
  hostProcess: boolean(),
  runAsUserName: string(),
});
function profile(description: string): JsonSchema {
  return object(description, {
    localhostProfile: string("Profile on the node, for type Localhost."),
    "type!": string("Localhost, RuntimeDefault or Unconfined."),
  });
}
const sharedSecurity = {
  appArmorProfile: profile("AppArmor profile."),
  runAsGroup: int64("Group id of the process."),
  runAsNonRoot: boolean("Refuse to start as user 0."),
  runAsUser: int64("User id of the process."),
  seLinuxOptions: seLinux,
  seccompProfile: profile("Seccomp profile."),
  windowsOptions: windows,
} as const;

/** core/v1 SecurityContext of a container. */
export const containerSecurity: JsonSchema = object("Privileges of the container.", {
  ...sharedSecurity,
  allowPrivilegeEscalation: boolean("Whether a process may gain more rights than its parent."),
  capabilities: object("Linux capabilities.", {
    add: atomicList("Capabilities to add.", string()),
    drop: atomicList("Capabilities to drop, such as ALL.", string()),
  }),
  privileged: boolean("Rights of root on the node."),
  procMount: string("Kind of /proc: Default or Unmasked."),
  readOnlyRootFilesystem: boolean("Whether the container's own files are read-only."),
});

/** core/v1 PodSecurityContext. */
export const podSecurity: JsonSchema = object("Privileges that all containers of the pod share.", {
  ...sharedSecurity,
  fsGroup: int64("Group that owns the volumes."),
  fsGroupChangePolicy: string("When volumes change their group: OnRootMismatch or Always."),
  seLinuxChangePolicy: string("How volumes get their SELinux label: Recursive or MountOption."),
  supplementalGroups: atomicList("Further groups of the processes.", int64()),
  supplementalGroupsPolicy: string("Merge or Strict."),
  sysctls: atomicList(
    "Kernel settings of the pod's namespaces.",
    object("", { "name!": string(), "value!": string() }),
  ),
});

/** Header list of HTTP probes and hooks. */
export const httpHeaders: JsonSchema = list(
  "Headers of the request.",
  object("", { "name!": string("Name of the header."), "value!": string("Its value.") }),
);

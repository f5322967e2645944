import {
  downwardItems,
  keyToPath,
  labelSelector,
  localReference,
  resourceAmounts,
} from "./core-schemas.ts";
import { atomicList, boolean, int32, int64, map, object, quantity, string } from "./json-schema.ts";
import type { JsonSchema } from "./json-schema.ts";

const fsType = string("File system of the device; the cluster's default where not given.");
const readOnly = boolean("Whether the volume can only be read.");
const defaultMode = int32("Permission bits of the files; 0644 where not given.");
const atomic = { "x-kubernetes-map-type": "atomic" } as const;

/** Volumes that the cluster's own objects fill. */
const fromObjects: Readonly<Record<string, JsonSchema>> = {
  configMap: object(
    "The keys of a ConfigMap as files.",
    {
      defaultMode,
      items: keyToPath,
      name: string("Name of the ConfigMap.", { default: "" }),
      optional: boolean("Whether it may be missing."),
    },
    atomic,
  ),
  secret: object("The keys of a Secret as files.", {
    defaultMode,
    items: keyToPath,
    optional: boolean("Whether it may be missing."),
    secretName: string("Name of the Secret."),
  }),
  downwardAPI: object("Fields of the pod as files.", { defaultMode, items: downwardItems }),
  projected: object("Several sources in one folder.", {
    defaultMode,
    sources: atomicList("What is projected.", projectedSource()),
  }),
  persistentVolumeClaim: object("A claim in the same namespace.", {
    "claimName!": string("Name of the claim."),
    readOnly,
  }),
  ephemeral: object("A claim that lives as long as the pod.", {
    volumeClaimTemplate: object("The claim to make.", {
      metadata: { type: "object", description: "Labels and annotations of the claim." },
      "spec!": claimSpec(),
    }),
  }),
};

function projectedSource(): JsonSchema {
  const named = {
    items: keyToPath,
    name: string("Name of the object.", { default: "" }),
    optional: boolean("Whether it may be missing."),
  };
  return object("", {
    clusterTrustBundle: object("Trust anchors.", {
      labelSelector,
      name: string("One bundle by its name."),
      optional: boolean("Whether it may be missing."),
      "path!": string("File within the volume."),
      signerName: string("All bundles of this signer."),
    }),
    configMap: object("Keys of a ConfigMap.", named, atomic),
    downwardAPI: object("Fields of the pod.", { items: downwardItems }),
    podCertificate: object("A certificate that the kubelet requests and renews.", {
      certificateChainPath: string("File for the chain."),
      credentialBundlePath: string("File for key and chain."),
      keyPath: string("File for the key."),
      "keyType!": string("Kind of key, such as ED25519."),
      maxExpirationSeconds: int32("Longest life of the certificate."),
      "signerName!": string("Who signs."),
    }),
    secret: object("Keys of a Secret.", named, atomic),
    serviceAccountToken: object("A token of the pod's service account.", {
      audience: string("For whom the token is."),
      expirationSeconds: int64("Life of the token in seconds."),
      "path!": string("File within the volume."),
    }),
  });
}

function claimSpec(): JsonSchema {
  const reference = {
    apiGroup: string("Group of the object."),
    "kind!": string("Kind of the object."),
    "name!": string("Name of the object."),
  };
  return object("What is claimed.", {
    accessModes: atomicList("Ways to mount it.", string()),
    dataSource: object("What fills the volume.", reference, atomic),
    dataSourceRef: object("What fills the volume, of any kind.", {
      ...reference,
      namespace: string("Namespace of the object."),
    }),
    resources: object("Size.", resourceAmounts),
    selector: labelSelector,
    storageClassName: string("Storage class."),
    volumeAttributesClassName: string("Volume attributes class."),
    volumeMode: string("Filesystem or Block."),
    volumeName: string("A certain persistent volume."),
  });
}

/** Volumes of the node and of the image store. */
const fromNode: Readonly<Record<string, JsonSchema>> = {
  emptyDir: object("An empty folder that lives as long as the pod.", {
    medium: string("Memory, or empty for the node's disk."),
    sizeLimit: quantity("The most it may hold."),
  }),
  hostPath: object("A file or folder of the node.", {
    "path!": string("Path on the node."),
    type: string("What must be there, such as Directory."),
  }),
  image: object("The files of an OCI image.", {
    pullPolicy: string("Always, IfNotPresent or Never."),
    reference: string("The image."),
  }),
  csi: object("A volume that a CSI driver makes for this pod.", {
    "driver!": string("Name of the driver."),
    fsType,
    nodePublishSecretRef: localReference("Credentials for the driver."),
    readOnly,
    volumeAttributes: map("Settings of the driver."),
  }),
};

/** Network file systems and block devices. */
const fromNetwork: Readonly<Record<string, JsonSchema>> = {
  nfs: object("A folder of an NFS server.", {
    "path!": string("Exported path."),
    readOnly,
    "server!": string("Host name or address."),
  }),
  iscsi: object("An iSCSI disk.", {
    chapAuthDiscovery: boolean(),
    chapAuthSession: boolean(),
    fsType,
    initiatorName: string(),
    "iqn!": string(),
    iscsiInterface: string("", { default: "default" }),
    "lun!": int32(),
    portals: atomicList("", string()),
    readOnly,
    secretRef: localReference("Credentials."),
    "targetPortal!": string(),
  }),
  fc: object("A Fibre Channel disk.", {
    fsType,
    lun: int32(),
    readOnly,
    targetWWNs: atomicList("", string()),
    wwids: atomicList("", string()),
  }),
  cephfs: object("CephFS; removed from Kubernetes.", {
    "monitors!": atomicList("", string()),
    path: string(),
    readOnly,
    secretFile: string(),
    secretRef: localReference("Credentials."),
    user: string(),
  }),
  rbd: object("A Ceph block device; removed from Kubernetes.", {
    fsType,
    "image!": string(),
    keyring: string("", { default: "/etc/ceph/keyring" }),
    "monitors!": atomicList("", string()),
    pool: string("", { default: "rbd" }),
    readOnly,
    secretRef: localReference("Credentials."),
    user: string("", { default: "admin" }),
  }),
  glusterfs: object("GlusterFS; removed from Kubernetes.", {
    "endpoints!": string(),
    "path!": string(),
    readOnly,
  }),
};

/** Disks of clouds and of storage products. */
const fromClouds: Readonly<Record<string, JsonSchema>> = {
  awsElasticBlockStore: object("A disk of AWS; served by the CSI driver.", {
    fsType,
    partition: int32(),
    readOnly,
    "volumeID!": string(),
  }),
  azureDisk: object("A disk of Azure; served by the CSI driver.", {
    cachingMode: string(),
    "diskName!": string(),
    "diskURI!": string(),
    fsType: string("", { default: "ext4" }),
    kind: string(),
    readOnly: boolean("", { default: false }),
  }),
  azureFile: object("A share of Azure; served by the CSI driver.", {
    readOnly,
    "secretName!": string(),
    "shareName!": string(),
  }),
  cinder: object("A disk of OpenStack; served by the CSI driver.", {
    fsType,
    readOnly,
    secretRef: localReference("Credentials."),
    "volumeID!": string(),
  }),
  flexVolume: object("A volume of a FlexVolume driver; use CSI instead.", {
    "driver!": string(),
    fsType,
    options: map(""),
    readOnly,
    secretRef: localReference("Credentials."),
  }),
  flocker: object("Flocker; removed from Kubernetes.", {
    datasetName: string(),
    datasetUUID: string(),
  }),
  gcePersistentDisk: object("A disk of Google Cloud; served by the CSI driver.", {
    fsType,
    partition: int32(),
    "pdName!": string(),
    readOnly,
  }),
  gitRepo: object("A git checkout; use an init container instead.", {
    directory: string(),
    "repository!": string(),
    revision: string(),
  }),
  photonPersistentDisk: object("Photon; removed from Kubernetes.", { fsType, "pdID!": string() }),
  portworxVolume: object("A Portworx volume; served by the CSI driver.", {
    fsType,
    readOnly,
    "volumeID!": string(),
  }),
  quobyte: object("Quobyte; removed from Kubernetes.", {
    group: string(),
    readOnly,
    "registry!": string(),
    tenant: string(),
    user: string(),
    "volume!": string(),
  }),
  scaleIO: object("ScaleIO; removed from Kubernetes.", {
    fsType: string("", { default: "xfs" }),
    "gateway!": string(),
    protectionDomain: string(),
    readOnly,
    "secretRef!": localReference("Credentials."),
    sslEnabled: boolean(),
    storageMode: string("", { default: "ThinProvisioned" }),
    storagePool: string(),
    "system!": string(),
    volumeName: string(),
  }),
  storageos: object("StorageOS; removed from Kubernetes.", {
    fsType,
    readOnly,
    secretRef: localReference("Credentials."),
    volumeName: string(),
    volumeNamespace: string(),
  }),
  vsphereVolume: object("A disk of vSphere; served by the CSI driver.", {
    fsType,
    storagePolicyID: string(),
    storagePolicyName: string(),
    "volumePath!": string(),
  }),
};

/** core/v1 Volume as of Kubernetes 1.34; the name is bounded because a rule reads it. */
export const volume: JsonSchema = object("A volume of the pod: a name and one source.", {
  "name!": string("Name that volumeMounts refer to.", { maxLength: 253 }),
  ...fromObjects,
  ...fromNode,
  ...fromNetwork,
  ...fromClouds,
});

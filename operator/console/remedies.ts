/** What to do about a reason of a SpinApp's Ready condition, in a sentence or two. */
const remedies: Readonly<Record<string, string>> = {
  ImagePullFailed:
    "Look whether spec.image names an image that is there; a private registry needs spec.imagePullSecrets.",
  ImageNameInvalid: "Write spec.image as REGISTRY/NAME:TAG or REGISTRY/NAME@sha256:DIGEST.",
  ConfigurationMissing:
    "Create the ConfigMap or Secret that the message names, in the app's namespace.",
  ReferenceMissing: "Create what the message names, in the app's namespace; the pods start then.",
  ContainerNotCreated: "Look at the message: a volume, a mount or a security setting does not fit.",
  ContainerNotStarted: "Look at the message and at the node's runtime: whorl doctor tells more.",
  AppCrashes:
    "Look at what the app said last: kubectl logs --previous, for the pod in the message.",
  OutOfMemory: "Give it more memory (spec.resources.limits.memory), or let it use less.",
  Unschedulable:
    "Give the cluster a node that fits, or ask for less (spec.resources.requests, nodeSelector, tolerations).",
  FailedScheduling: "Give the cluster a node that fits, or ask for less (spec.resources.requests).",
  FailedCreatePodSandBox:
    "The node does not know the runtime yet: look whether its agent is ready (kubectl get nodes -L whorl.dev/ready).",
  FailedMount: "Look whether the volume that the message names is there, and can be used here.",
  FailedAttachVolume: "Look whether another node still uses the volume.",
  FailedCreate:
    "Look at the message: a quota, a policy or a missing RuntimeClass refuses the pods.",
  InvalidSpec: "Correct the field that the message names.",
  NameTaken: "Delete or rename the object that has the app's name, or rename the app.",
  Refused: "Correct the field that the API server refuses.",
  Forbidden: "Give the operator the right that the message names.",
  JobFailed: "Look at the log of its last pod; raise spec.job.backoffLimit for more attempts.",
};

/** Something to do about a reason; where nothing special is known, where to look. */
export function remedyFor(reason: string): string {
  return remedies[reason] ?? "kubectl describe spinapp, and its pods, tell more.";
}

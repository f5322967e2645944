/** What to do, by the reason of the condition Ready, or of the kubelet. */
const remedies: ReadonlyMap<string, string> = new Map([
  ["ImagePullFailed", "Check the image's name, and that imagePullSecrets fit its registry."],
  ["ImageNameInvalid", "Write spec.image as registry/path:tag or registry/path@sha256:digest."],
  ["ConfigurationMissing", "Create the ConfigMap, the Secret or the key that the message names."],
  ["ReferenceMissing", "Create what the message names: the app begins by itself then."],
  ["ContainerNotCreated", "The message says what the node refuses; look at the pod's events."],
  ["ContainerNotStarted", "The message says why; whorl doctor checks the node's runtime."],
  ["AppCrashes", "The message is the app's last words; its log has more: kubectl logs --previous."],
  ["OutOfMemory", "Raise spec.resources.limits.memory, or bound it by invocationLimits.memory."],
  ["MissingExecutor", "Name an executor that exists in spec.executor, or create this one."],
  ["InvalidSpec", "Change the spec as the message says."],
  ["NameTaken", "An object of this name belongs to somebody else: rename the app, or delete it."],
  ["Refused", "The API server refuses what the app needs: change the spec as the message says."],
  ["Forbidden", "Give the operator the rights that the message names, or lift the quota."],
  ["FailedCreate", "A quota or a policy keeps pods from being made: the message names it."],
  ["Unschedulable", "No node fits: look at requests, nodeSelector, taints and whorl.dev/ready."],
  ["FailedCreatePodSandBox", "The node lacks the runtime: let the agent install it there."],
  ["FailedMount", "A volume cannot be mounted: the message names it."],
  ["FailedAttachVolume", "A volume cannot be attached: the message names it."],
  ["JobFailed", "The program has failed as often as backoffLimit allows: its log says why."],
  ["Evicted", "The node ran out of something: request what the app needs."],
  ["SchedulingGated", "Something holds the pod back by a scheduling gate, such as a queue."],
  ["ProgressDeadlineExceeded", "The new version does not become ready: look at its pods below."],
  ["Starting", "Wait: pods are being made. Their events say what they wait for."],
]);

/** Names that the kubelet has for the same. */
const sameAs: ReadonlyMap<string, string> = new Map([
  ["ErrImagePull", "ImagePullFailed"],
  ["ImagePullBackOff", "ImagePullFailed"],
  ["ErrImageNeverPull", "ImagePullFailed"],
  ["InvalidImageName", "ImageNameInvalid"],
  ["CreateContainerConfigError", "ConfigurationMissing"],
  ["CreateContainerError", "ContainerNotCreated"],
  ["RunContainerError", "ContainerNotStarted"],
  ["StartError", "ContainerNotStarted"],
  ["CrashLoopBackOff", "AppCrashes"],
  ["FailedScheduling", "Unschedulable"],
]);

/** Messages whose remedy is another one than their reason's. */
const messages: readonly (readonly [RegExp, string])[] = [
  [/RuntimeClass "[^"]*" not found/, "Install the RuntimeClass, or name one that exists."],
  [/no runtime for "[^"]*" is configured/, "The node lacks the runtime: let the agent install it."],
  [/variable \S+ (?:is missing|has no)/, "Give the variable a value in spec.variables."],
  [/no component exports|does not export/, "Build the app for this kind of trigger."],
];

const otherwise = "The pod's events and its log say more.";

/** A sentence for a person. */
export function remedyOf(reason: string, message = ""): string {
  const special = messages.find(([pattern]) => pattern.test(message));
  return special?.[1] ?? remedies.get(sameAs.get(reason) ?? reason) ?? otherwise;
}

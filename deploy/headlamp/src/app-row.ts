import type { ConditionJson, SpinAppJson } from "./spin-app-json.ts";

/** As Headlamp paints labels; `""` is neither good nor bad. */
export type Mood = "success" | "warning" | "error" | "";

/** A SpinApp in one line of a list. */
export interface AppRow {
  /** `2/3`: pods that answer, and how many are wanted; of a job only those that run. */
  readonly pods: string;
  /** Reason of the condition Ready: a word. */
  readonly state: string;
  readonly mood: Mood;
  /** In words, why it is ready or not. */
  readonly message: string;
  /** Undefined where it has none, or one that is no web address. */
  readonly url: string | undefined;
  readonly image: string;
  /** The first characters of the digest that runs; `""` while none does. */
  readonly digest: string;
  readonly executor: string;
}

/** Everything that a row shows. */
export function appRow(app: SpinAppJson): AppRow {
  const { spec = {}, status = {} } = app;
  const ready = readyCondition(app);
  return {
    pods: podsText(app),
    state: ready?.reason ?? "Unknown",
    mood: moodOf(app),
    message: ready?.message ?? "The operator has not looked at it yet.",
    url: webAddress(status.url),
    image: status.image ?? spec.image ?? "",
    digest: shortDigest(status.imageDigest ?? ""),
    executor: status.activeScheduler ?? spec.executor ?? "",
  };
}

export function readyCondition({ status }: SpinAppJson): ConditionJson | undefined {
  return status?.conditions?.find(({ type }) => type === "Ready");
}

/** Ready, on its way there, or stuck: as the conditions Ready, Reconciling and Stalled say. */
function moodOf(app: SpinAppJson): Mood {
  const conditions = app.status?.conditions ?? [];
  const holds = (type: string): boolean =>
    conditions.some((each) => each.type === type && each.status === "True");
  if (holds("Ready")) return "success";
  if (holds("Stalled")) return "error";
  const reason = readyCondition(app)?.reason;
  if (reason === undefined) return "";
  return patient.has(reason) ? "warning" : "error";
}

/** Not ready, and nothing wrong with it. */
const patient: ReadonlySet<string> = new Set(["Starting", "Running", "Suspended"]);

function podsText({ spec = {}, status = {} }: SpinAppJson): string {
  const ready = status.readyReplicas ?? 0;
  if (spec.job !== undefined) return String(ready);
  const isAutoscaled = spec.enableAutoscaling === true || spec.autoscaling !== undefined;
  const wanted = isAutoscaled ? (status.replicas ?? 0) : (spec.replicas ?? 1);
  return `${ready}/${wanted}`;
}

const digestChars = 12;

/** `sha256:0123456789ab`. */
export function shortDigest(digest: string): string {
  const [algorithm = "", hex = ""] = digest.split(":", 2);
  return hex === "" ? "" : `${algorithm}:${hex.slice(0, digestChars)}`;
}

/** An address that a browser may open: whoever writes a status must not bring in a script. */
export function webAddress(url: string | undefined): string | undefined {
  return url !== undefined && /^https?:\/\/[^\s/]/.test(url) ? url : undefined;
}

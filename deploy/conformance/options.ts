import { parseArgs } from "node:util";
import { WhorlError } from "../../runtime/error.ts";

/** The command line of the conformance checks. */
export interface ConformanceOptions {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly image: string;
  readonly executor: string;
  /** Folder for conformance.md and conformance.json. */
  readonly report: string;
  readonly timeoutMs: number;
  readonly gatewayAddress?: string | undefined;
  readonly metric?: string | undefined;
  /** Ends no process of the operator. */
  readonly isGentle: boolean;
}

export const usage = `npm run conformance -- --image IMAGE [options]

Tries on a cluster what the Kubernetes AI Conformance checklist asks of Whorl, in a namespace of its
own that is removed afterwards, and writes conformance.md and conformance.json.

  --image IMAGE              an app that answers GET /, in a registry that the nodes reach
  --kubeconfig FILE          (environment: KUBECONFIG)
  --context NAME             context of the kubeconfig
  --executor NAME            executor of the apps (default: containerd-shim-spin)
  --report FOLDER            where the report goes (default: this folder)
  --timeout SECONDS          that anything may take (default: 120)
  --gateway-address HOST     where the Gateway is reached from here, if not where it says
  --metric NAME              custom metric of pods to scale by (default: the first whorl...)
  --gentle                   do not kill the leading process of the operator
  --help`;

/** Undefined where only help is wanted. Throws WhorlError `usage` for what is wrong. */
export function conformanceOptions(args: readonly string[]): ConformanceOptions | undefined {
  const values = parsed(args);
  if (values.help === true) return undefined;
  const seconds = Number(values.timeout);
  if (!(seconds >= 1 && seconds <= secondsMax)) {
    throw new WhorlError("usage", `--timeout is from 1 to ${secondsMax} seconds`);
  }
  if (values.image === undefined || values.image === "") {
    throw new WhorlError("usage", "name an app that answers GET /: --image registry/path:tag");
  }
  return {
    kubeconfig: values.kubeconfig,
    context: values.context,
    image: values.image,
    executor: values.executor,
    report: values.report,
    timeoutMs: seconds * 1000,
    gatewayAddress: values["gateway-address"],
    metric: values.metric,
    isGentle: values.gentle === true,
  };
}

const secondsMax = 3_600;

interface Flags {
  readonly help?: boolean | undefined;
  readonly gentle?: boolean | undefined;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly image?: string | undefined;
  readonly executor: string;
  readonly report: string;
  readonly timeout: string;
  readonly "gateway-address"?: string | undefined;
  readonly metric?: string | undefined;
}

function parsed(args: readonly string[]): Flags {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        ...{ kubeconfig: text, context: text, image: text, metric: text, "gateway-address": text },
        executor: { ...text, default: "containerd-shim-spin" },
        report: { ...text, default: "." },
        timeout: { ...text, default: "120" },
        ...{ gentle: flag, help: flag },
      },
    }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new WhorlError("usage", message, { cause: error });
  }
}

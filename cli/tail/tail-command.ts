import { Command, InvalidArgumentError, Option } from "commander";
import { AdminClient, findAdmin } from "../../runtime/telemetry/admin/admin-client.ts";
import type { SocketPlace } from "../../runtime/telemetry/admin/admin-socket.ts";
import { compileFilter, type RequestFilter } from "../../runtime/telemetry/live/request-filter.ts";
import { printableText } from "../../runtime/telemetry/printable-text.ts";
import type { CommandDependencies } from "../command.ts";
import type { CommandIo } from "../io.ts";
import { addKubeFlags, type KubeFlags } from "../kube/kube-flags.ts";
import { socketPlace } from "../top/socket-place.ts";
import { TailPrinter } from "./tail-printer.ts";

interface TailFlags extends KubeFlags {
  readonly cluster?: true;
  readonly component?: string;
  readonly method?: string;
  readonly status?: string;
  readonly path?: string;
  readonly trace?: string;
  readonly slowerThan?: number;
  readonly errors?: true;
  readonly cold?: true;
  readonly count: number;
  readonly output: "text" | "json";
}

const examples = `
Examples:
  $ whorl tail                                  every request of the app that is running here
  $ whorl tail --status 5xx,404 --path /api/    what fails below /api/
  $ whorl tail shop --slower-than 50            slow requests of the app "shop"
  $ whorl tail --cluster -n shop --errors       what fails in the pods of a namespace
  $ whorl tail --output json | jq .traceId      for a program`;

/** `whorl tail`: the requests of a running app as they end. */
export function tailCommand({ io, environment, machine }: CommandDependencies): Command {
  return addKubeFlags(new Command("tail"))
    .description("show the requests of a running app as they are answered")
    .argument("[app]", "name of the app, or number of its process (default: the only one)")
    .option("-c, --component <id>", "only of this component")
    .option("--method <name>", "only with this method")
    .option("--status <codes>", "only with these: 404, 5xx, or several with commas")
    .option("--path <path>", "only below this path; * stands for any text")
    .option("--trace <id>", "only of this trace")
    .option("--slower-than <ms>", "only those that took so long", parseMs)
    .option("--errors", "only failures and answers 5xx")
    .option("--cold", "only those that had to wait for a first instance")
    .option("--count <n>", "end after so many", parseCount, Infinity)
    .option("--cluster", "of all pods of a cluster's apps that offer metrics, or of one app's")
    .addOption(
      new Option("--output <form>", "text for people, or one JSON object per line")
        .choices(["text", "json"])
        .default("text"),
    )
    .addHelpText("after", examples)
    .action(async (app: string | undefined, flags: TailFlags) => {
      const filter = filterOf(flags);
      // What is wrong with it is told before anything is asked for.
      compileFilter(filter);
      const ended = new AbortController();
      void io.signals.next().then(() => ended.abort());
      const following = { app, filter, format: flags.output, countMax: flags.count, io, ended };
      if (flags.cluster === true) await tailCluster(following, flags, environment);
      else await tailProcess(following, socketPlace(environment, machine?.userId));
    });
}

interface Following {
  readonly app: string | undefined;
  readonly filter: RequestFilter;
  readonly format: "text" | "json";
  readonly countMax: number;
  readonly io: CommandIo;
  /** Ends it. */
  readonly ended: AbortController;
}

/** Of the process that runs the app here. */
async function tailProcess(following: Following, place: SocketPlace): Promise<void> {
  const { app, filter, io, ended } = following;
  const { client, peer } = await findAdmin(place, app);
  // A process can run many apps; its number stands for all of them.
  const only = app !== undefined && peer.apps.includes(app) ? app : undefined;
  const wanted = only === undefined ? filter : { ...filter, app: only };
  const namesApps = peer.apps.length > 1 && only === undefined;
  const printer = printerOf(following, namesApps);
  for await (const line of client.requests(wanted, ended.signal)) printer.print(line);
  if (!ended.signal.aborted) io.stderr.write(`the process ${peer.pid} has ended\n`);
}

/** Of pods; what is needed for a cluster is loaded for one only. */
async function tailCluster(
  following: Following,
  flags: KubeFlags,
  environment: CommandDependencies["environment"],
): Promise<void> {
  const { app, filter, io, ended } = following;
  const [{ openKube }, { offeringPods }, { podDoor }, { followPods }] = await Promise.all([
    import("../kube/kube-session.ts"),
    import("../kube/pod-metrics.ts"),
    import("../kube/pod-door.ts"),
    import("./follow-pods.ts"),
  ]);
  const session = openKube(flags, environment);
  const printer = printerOf(following, app === undefined);
  await followPods({
    filter,
    signal: ended.signal,
    pods: async () =>
      (await offeringPods(session, app)).map((pod) => ({
        ...pod,
        client: new AdminClient(podDoor(session, pod)),
      })),
    onLine: (line, { name: pod, node }) => printer.print(line, { pod, node }),
    onNote: (message) => io.stderr.write(`note: ${printableText(message)}\n`),
  });
}

function printerOf({ io, format, countMax, ended }: Following, namesApps: boolean): TailPrinter {
  return new TailPrinter(io.stdout, { format, namesApps, countMax, onDone: () => ended.abort() });
}

function filterOf(flags: TailFlags): RequestFilter {
  const { component, method, status, path, trace, slowerThan, errors, cold } = flags;
  return {
    ...(component !== undefined && { component }),
    ...(method !== undefined && { method }),
    ...(status !== undefined && { status }),
    ...(path !== undefined && { path }),
    ...(trace !== undefined && { traceId: trace }),
    ...(slowerThan !== undefined && { slowerThanMs: slowerThan }),
    ...(errors === true && { errors }),
    ...(cold === true && { cold }),
  };
}

function parseMs(text: string): number {
  const ms = Number(text);
  if (text.trim() !== "" && ms >= 0 && Number.isFinite(ms)) return ms;
  throw new InvalidArgumentError("Write milliseconds.");
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new InvalidArgumentError("Write a number from 1 on.");
}

import { Command, InvalidArgumentError, Option } from "commander";
import { type AdminClient, findAdmin } from "../../runtime/telemetry/admin/admin-client.ts";
import type { UsageSnapshot } from "../../runtime/telemetry/live/usage-snapshot.ts";
import { WhorlError } from "../../runtime/error.ts";
import type { CommandDependencies } from "../command.ts";
import { addKubeFlags, type KubeFlags } from "../kube/kube-flags.ts";
import { socketPlace } from "./socket-place.ts";
import { printTop, runTop, type TopOptions } from "./run-top.ts";
import { sortKeys, type SortKey } from "../../runtime/telemetry/live/usage-rows.ts";

interface TopFlags extends KubeFlags {
  readonly metrics?: readonly string[];
  readonly cluster?: true;
  readonly by: "app" | "pod";
  readonly sort: SortKey;
  readonly interval: number;
  readonly count: number;
  readonly output: "text" | "json";
}

const examples = `
Examples:
  $ whorl top                            the app that is running here
  $ whorl top shop --sort p99            the app "shop", slowest first
  $ whorl top --output json --count 1    one look, for a program
  $ whorl top --cluster -n shop          the apps of a namespace
  $ whorl top --cluster cart --by pod    the pods of one app
  $ whorl top --metrics 10.0.0.7:9464    whoever offers metrics for Prometheus there`;

/** `whorl top`: a live table of what a running app does. */
export function topCommand({ io, environment, machine }: CommandDependencies): Command {
  return addKubeFlags(new Command("top"))
    .description("show live what running apps do: requests, latency, errors, memory")
    .argument("[app]", "name of the app, or number of its process (default: the only one)")
    .addOption(
      new Option("--sort <column>", "sort by this column")
        .choices(Object.keys(sortKeys))
        .default("requests"),
    )
    .option("--interval <seconds>", "time between two looks", parseSeconds, 1)
    .option("--count <n>", "end after so many looks (without a terminal)", parseCount, Infinity)
    .addOption(
      new Option("--output <form>", "text for people, or one JSON object per look")
        .choices(["text", "json"])
        .default("text"),
    )
    .option("--cluster", "look at the pods of a cluster that offer metrics")
    .option("--metrics <address>", "look at these metrics for Prometheus, repeatable", addText)
    .addOption(
      new Option("--by <row>", "what a row is, with --cluster and --metrics")
        .choices(["app", "pod"])
        .default("app"),
    )
    .addHelpText("after", examples)
    .action(async (app: string | undefined, flags: TopFlags) => {
      const { title, usage } = await lookedAt(app, flags, { environment, machine });
      const ended = new AbortController();
      void io.signals.next().then(() => ended.abort());
      const options = {
        title,
        sort: flags.sort,
        intervalMs: flags.interval * 1000,
        hasColors: io.stdout.hasColors,
        signal: ended.signal,
        usage,
      };
      const isPlain = flags.output === "json" || Number.isFinite(flags.count);
      using terminal = isPlain ? undefined : machine?.openTerminal();
      if (terminal !== undefined) return await runTop(terminal, options);
      const write = (text: string): void => io.stdout.write(text);
      await printTop(options, { format: flags.output, looksMax: flags.count, write });
    });
}

type Looking = Pick<TopOptions, "title" | "usage">;

/** What is needed for a cluster is loaded for one only. */
async function lookedAt(
  app: string | undefined,
  flags: TopFlags,
  { environment, machine }: Pick<CommandDependencies, "environment" | "machine">,
): Promise<Looking> {
  const { cluster, metrics, by } = flags;
  if (cluster === true && metrics !== undefined) {
    throw new WhorlError("usage", "--cluster and --metrics are two places; choose one");
  }
  if (cluster === undefined && metrics === undefined) {
    const { client, peer } = await findAdmin(socketPlace(environment, machine?.userId), app);
    const only = app !== undefined && peer.apps.includes(app) ? app : undefined;
    return {
      title: only ?? namesText(peer.apps),
      usage: (signal) => usageOf(client, only, signal),
    };
  }
  const { fleetSource, urlTarget } = await import("./fleet-source.ts");
  const rows = by === "app" ? "app" : "target";
  if (metrics !== undefined) {
    const targets = metrics.map(urlTarget);
    return { title: metrics.join(", "), usage: fleetSource(async () => targets, rows) };
  }
  const [{ openKube }, { podTargets }] = await Promise.all([
    import("../kube/kube-session.ts"),
    import("../kube/pod-metrics.ts"),
  ]);
  const session = openKube(flags, environment);
  return {
    title: `namespace ${session.namespace}${app === undefined ? "" : `, ${app}`}`,
    usage: fleetSource(() => podTargets(session, app), rows),
  };
}

/** A process can run many apps (`whorl up --dir`): all of them, or the one that was named. */
async function usageOf(
  client: AdminClient,
  app: string | undefined,
  signal: AbortSignal,
): Promise<UsageSnapshot> {
  const usage = await client.usage(signal);
  if (app === undefined) return usage;
  return { ...usage, components: usage.components.filter((each) => each.app === app) };
}

function namesText(names: readonly string[]): string {
  const more = names.length - namedMax;
  return more > 0 ? `${names.slice(0, namedMax).join(", ")} and ${more} more` : names.join(", ");
}

const namedMax = 3;

function addText(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds >= 0.1 && seconds <= 3600) return seconds;
  throw new InvalidArgumentError("Write seconds, from 0.1 to 3600.");
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new InvalidArgumentError("Write a number from 1 on.");
}

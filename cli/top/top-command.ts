import { Command, InvalidArgumentError, Option } from "commander";
import { findAdmin } from "../../runtime/telemetry/admin/admin-client.ts";
import type { CommandDependencies } from "../command.ts";
import { socketPlace } from "./socket-place.ts";
import { printTop, runTop } from "./run-top.ts";
import { sortKeys, type SortKey } from "../../runtime/telemetry/live/usage-rows.ts";

interface TopFlags {
  readonly sort: SortKey;
  readonly interval: number;
  readonly count: number;
  readonly output: "text" | "json";
}

const examples = `
Examples:
  $ whorl top                            the app that is running here
  $ whorl top shop --sort p99            the app "shop", slowest first
  $ whorl top --output json --count 1    one look, for a program`;

/** `whorl top`: a live table of what a running app does. */
export function topCommand({ io, environment, machine }: CommandDependencies): Command {
  return new Command("top")
    .description("show live what a running app does: requests, latency, errors, memory")
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
    .addHelpText("after", examples)
    .action(async (app: string | undefined, flags: TopFlags) => {
      const { client, peer } = await findAdmin(socketPlace(environment, machine?.userId), app);
      const ended = new AbortController();
      void io.signals.next().then(() => ended.abort());
      const options = {
        title: peer.apps.join(", "),
        sort: flags.sort,
        intervalMs: flags.interval * 1000,
        hasColors: io.stdout.hasColors,
        signal: ended.signal,
        usage: (signal: AbortSignal) => client.usage(signal),
      };
      const isPlain = flags.output === "json" || Number.isFinite(flags.count);
      using terminal = isPlain ? undefined : machine?.openTerminal();
      if (terminal !== undefined) return await runTop(terminal, options);
      const write = (text: string): void => io.stdout.write(text);
      await printTop(options, { format: flags.output, looksMax: flags.count, write });
    });
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

import { Command, InvalidArgumentError, Option } from "commander";
import { findAdmin } from "../../runtime/telemetry/admin/admin-client.ts";
import { compileFilter, type RequestFilter } from "../../runtime/telemetry/live/request-filter.ts";
import type { CommandDependencies } from "../command.ts";
import { socketPlace } from "../top/socket-place.ts";
import { requestJson, requestLine } from "./request-line.ts";

interface TailFlags {
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
  $ whorl tail --output json | jq .traceId      for a program`;

/** `whorl tail`: the requests of a running app as they end. */
export function tailCommand({ io, environment, machine }: CommandDependencies): Command {
  return new Command("tail")
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
      const { client, peer } = await findAdmin(socketPlace(environment, machine?.userId), app);
      // A process can run many apps; its number stands for all of them.
      const only = app !== undefined && peer.apps.includes(app) ? app : undefined;
      const wanted = only === undefined ? filter : { ...filter, app: only };
      const ended = new AbortController();
      void io.signals.next().then(() => ended.abort());
      const namesApps = peer.apps.length > 1 && only === undefined;
      const style = { hasColors: io.stdout.hasColors, namesApps };
      let shown = 0;
      for await (const line of client.requests(wanted, ended.signal)) {
        io.stdout.write(
          `${flags.output === "json" ? requestJson(line) : requestLine(line, style)}\n`,
        );
        shown++;
        if (shown >= flags.count) break;
      }
    });
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

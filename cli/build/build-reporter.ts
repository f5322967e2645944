import { styleText } from "node:util";
import { createTextReporter } from "../output.ts";
import type { OutputStreams } from "../output.ts";

/** What a build tells while it runs. */
export interface BuildReporter {
  /** A command is about to run. `workdir` is relative to the manifest, `""` for its directory. */
  command(component: string, command: string, workdir: string): void;
  line(component: string, stream: "stdout" | "stderr", line: string): void;
  built(component: string, durationMs: number): void;
  /** None of the components has a build command. */
  nothingToBuild(manifest: string): void;
}

/** Lines with the component's name in front. */
export function createTextBuildReporter(streams: OutputStreams): BuildReporter {
  const { stdout } = streams;
  const lines = createTextReporter(streams);
  return {
    command: (component, command, workdir) => {
      const place = workdir === "" ? "" : ` (in ${workdir})`;
      lines.guestLine(component, "stdout", `$ ${command}${place}`);
    },
    line: (component, stream, line) => lines.guestLine(component, stream, line),
    built: (component, durationMs) => {
      const word = stdout.hasColors ? styleText("green", "Built") : "Built";
      stdout.write(`${word} ${component} in ${(durationMs / 1000).toFixed(1)} s\n`);
    },
    nothingToBuild: (manifest) => {
      stdout.write(`No component of ${manifest} has a build command: nothing to do\n`);
    },
  };
}

/** One JSON object per line, each with the key `event`. */
export function createJsonBuildReporter({ stdout }: OutputStreams): BuildReporter {
  const write = (event: string, details: object): void => {
    stdout.write(`${JSON.stringify({ event, ...details })}\n`);
  };
  return {
    command: (component, command, workdir) =>
      write("build-command", { component, command, workdir }),
    line: (component, stream, line) => write("build-log", { component, stream, line }),
    built: (component, durationMs) =>
      write("built", { component, durationMs: Math.round(durationMs) }),
    nothingToBuild: (manifest) => write("nothing-to-build", { manifest }),
  };
}

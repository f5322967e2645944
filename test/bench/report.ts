import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { calibrate, noiseReason } from "./calibration.ts";

/** One figure and what it should be. */
export interface Verdict {
  readonly figure: string;
  readonly measured: number;
  readonly unit: string;
  readonly reach: { readonly atMost: number } | { readonly atLeast: number };
}

export interface ReportOptions {
  /** Of the file with the results: `cold`. */
  readonly name: string;
  readonly versions: Readonly<Record<string, string>>;
  /** What was started, as it would be typed. */
  readonly commands: readonly string[];
}

export const resultsFolder = fileURLToPath(new URL("results/", import.meta.url));

/** A run of one benchmark: says where it ran, what came out, and whether that means anything. */
export class Report {
  readonly #options: ReportOptions;
  readonly #before = calibrate();
  readonly #verdicts: Verdict[] = [];
  readonly #lines: [what: string, value: string][] = [];
  readonly machine = {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    kernel: `${release().replace(/-.*/, "")} ${arch()}`,
    node: process.version,
  };

  constructor(options: ReportOptions) {
    this.#options = options;
    console.log(`== bench:${options.name}`);
    for (const [what, value] of Object.entries(this.machine)) line(what, String(value));
    for (const [what, version] of Object.entries(options.versions)) line(what, version);
    for (const command of options.commands) line("$", command);
  }

  /** Prints a figure that nothing is asked of, and keeps it for the page. */
  line(what: string, value: string): void {
    this.#lines.push([what, value]);
    line(what, value);
  }

  verdict(verdict: Verdict): void {
    this.#verdicts.push(verdict);
  }

  /** Prints the verdicts, where the machine was quiet enough for any, and writes everything down. */
  end(raw: object): string {
    const { name, versions, commands } = this.#options;
    const after = calibrate();
    const noise = noiseReason(this.#before, after);
    const wordsNs = [this.#before, after].map(({ memory }) => `${shown(memory.p50Ns)} ns`);
    this.line("a word beyond the caches of a core, before and after", wordsNs.join(", "));
    for (const verdict of this.#verdicts) line(...verdictLine(verdict, noise));
    if (noise !== undefined) console.log(`No verdict: ${noise}.`);
    mkdirSync(resultsFolder, { recursive: true });
    const date = new Date().toISOString();
    const file = join(resultsFolder, `${name}-${date.replaceAll(":", "-")}.json`);
    const calibration = { before: this.#before, after, noise };
    const found = { verdicts: this.#verdicts, lines: this.#lines };
    const whole = { name, date, machine: this.machine, versions, commands, calibration };
    writeFileSync(file, `${JSON.stringify({ ...whole, ...found, ...raw }, undefined, 1)}\n`);
    console.log(`Raw results: ${file}`);
    return file;
  }
}

function verdictLine(
  { figure, measured, unit, reach }: Verdict,
  noise: string | undefined,
): [string, string] {
  const isGood = isReached({ measured, reach });
  const word = noise === undefined ? (isGood ? "reached" : "MISSED") : "no verdict";
  return [figure, `${shown(measured)} ${unit} (reach ${boundText(reach)} ${unit}): ${word}`];
}

export function isReached({ measured, reach }: Pick<Verdict, "measured" | "reach">): boolean {
  return "atMost" in reach ? measured <= reach.atMost : measured >= reach.atLeast;
}

/** `<= 5`. */
export function boundText(reach: Verdict["reach"]): string {
  return "atMost" in reach ? `<= ${reach.atMost}` : `>= ${reach.atLeast}`;
}

/** With as many digits as mean something. */
export function shown(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

function line(what: string, value: string): void {
  console.log(`  ${what.padEnd(58)} ${value}`);
}

/** Version of this checkout. */
export function whorlVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly version: string }).version;
}

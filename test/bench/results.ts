import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { resultsFolder } from "./report.ts";
import type { Verdict } from "./report.ts";

/** What a run of a benchmark has left behind. */
export interface Result {
  /** Of the benchmark: `cold`. */
  readonly name: string;
  /** When it ended, as ISO 8601 writes it. */
  readonly date: string;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly commands: readonly string[];
  /** Why its verdicts mean nothing; undefined where they do. */
  readonly noise: string | undefined;
  readonly verdicts: readonly Verdict[];
  /** What was printed, and nothing asked of. */
  readonly lines: readonly (readonly [what: string, value: string])[];
  /** The whole file. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** A folder for each machine whose results are committed. */
export const publishedFolder = fileURLToPath(new URL("published/", import.meta.url));

const fileName = /^(?<name>[a-z-]+?)-(?<date>\d{4}-.*Z)\.json$/;

/** Reads the text of a result; `file` says what an older one does not. */
export function parseResult(text: string, file: string): Result {
  const raw = JSON.parse(text) as Record<string, unknown>;
  const { name = "", date = "" } = fileName.exec(file)?.groups ?? {};
  const { calibration } = raw as { calibration?: { noise?: string } };
  return {
    name: (raw["name"] as string | undefined) ?? name,
    date: (raw["date"] as string | undefined) ?? date.replace(/T(\d+)-(\d+)-/, "T$1:$2:"),
    machine: (raw["machine"] as Result["machine"] | undefined) ?? {},
    versions: (raw["versions"] as Result["versions"] | undefined) ?? {},
    commands: (raw["commands"] as Result["commands"] | undefined) ?? [],
    noise: calibration?.noise,
    verdicts: (raw["verdicts"] as Result["verdicts"] | undefined) ?? [],
    lines: (raw["lines"] as Result["lines"] | undefined) ?? [],
    raw,
  };
}

/** Those in a folder, none where there is no such folder. */
export function readResults(folder: string): Result[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => parseResult(readFileSync(join(folder, file), "utf8"), basename(file)));
}

/** The newest of each benchmark, by its name. */
export function newestOf(results: readonly Result[]): ReadonlyMap<string, Result> {
  const ordered = results.toSorted((a, b) => (a.date < b.date ? -1 : 1));
  return new Map(ordered.map((result) => [result.name, result]));
}

/** Those of the runs on this machine. */
export function ownResults(): Result[] {
  return readResults(resultsFolder);
}

/** Those that are committed, of the machine on which a benchmark was run last. */
export function publishedResults(): Result[] {
  if (!existsSync(publishedFolder)) return [];
  const machines = readdirSync(publishedFolder).map((name) =>
    readResults(join(publishedFolder, name)),
  );
  return machines.toSorted((a, b) => (lastDate(a) < lastDate(b) ? -1 : 1)).at(-1) ?? [];
}

function lastDate(results: readonly Result[]): string {
  return (
    results
      .map(({ date }) => date)
      .toSorted()
      .at(-1) ?? ""
  );
}

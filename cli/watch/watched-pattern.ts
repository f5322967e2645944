import { posix, resolve } from "node:path";
import type { BuildPlan, PlannedComponent } from "../../runtime/app/build-plan.ts";
import { compileFilePattern, hasWildcard } from "../../runtime/app/file-pattern.ts";
import type { FilePattern } from "../../runtime/app/file-pattern.ts";

/** Files that are watched: those below a directory that match a pattern. */
export interface WatchedPattern {
  /** Absolute. */
  readonly directory: string;
  readonly pattern: FilePattern;
}

/** What is watched for an app. */
export interface WatchedFiles {
  /** By component: what it is built from. */
  readonly inputs: ReadonlyMap<string, readonly WatchedPattern[]>;
  /** What is served: binaries and files for the guests. */
  readonly artifacts: readonly WatchedPattern[];
}

/**
 * What to watch for a plan.
 * @throws WhorlError `manifest` for a pattern that cannot be read.
 */
export function watchedFiles(plan: BuildPlan): WatchedFiles {
  return {
    inputs: new Map(plan.components.map((each) => [each.id, inputPatterns(each)])),
    artifacts: plan.components.flatMap((each) => artifactPatterns(each, plan.directory)),
  };
}

/** A pattern below a directory; `..` in front leaves it. */
export function watchedPattern(directory: string, pattern: string): WatchedPattern {
  const [, up = "", rest = ""] = /^((?:\.\.(?:\/|$))*)(.*)$/s.exec(posix.normalize(pattern)) ?? [];
  return { directory: resolve(directory, up), pattern: compileFilePattern(rest) };
}

function inputPatterns({ build }: PlannedComponent): WatchedPattern[] {
  return (build?.watch ?? []).map((pattern) => watchedPattern(build?.workdir ?? "", pattern));
}

function artifactPatterns(
  { sourcePath, files }: PlannedComponent,
  directory: string,
): WatchedPattern[] {
  const sources = sourcePath === undefined ? [] : [sourcePath];
  return [
    ...sources.map((path) => watchedPattern(posix.dirname(path), posix.basename(path))),
    ...files.flatMap((pattern) => {
      const own = watchedPattern(directory, pattern);
      // A name may be a file, or a directory with all that is in it.
      return hasWildcard(pattern) ? [own] : [own, watchedPattern(directory, `${pattern}/**`)];
    }),
  ];
}

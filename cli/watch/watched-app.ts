import { relative } from "node:path";
import type { BuildPlan } from "../../runtime/app/build-plan.ts";
import { changedFiles, emptyScan, scanFiles } from "./file-scan.ts";
import type { FileScan } from "./file-scan.ts";
import { watchedFiles, watchedPattern } from "./watched-pattern.ts";
import type { WatchedFiles, WatchedPattern } from "./watched-pattern.ts";

/** What has to be done after a look at the files. */
export interface WatchFinding {
  /** Changed paths, relative to the manifest. */
  readonly changed: readonly string[];
  /** Ids of the components to build. */
  readonly toBuild: readonly string[];
}

export interface WatchedAppOptions {
  readonly manifest: string;
  readonly isBuilding: boolean;
  readPlan(manifest: string): Promise<BuildPlan>;
}

/** Knows the files of an app, which of them changed, and what that means. */
export class WatchedApp {
  readonly #options: WatchedAppOptions;
  readonly #manifestPattern: WatchedPattern;
  #plan: BuildPlan | undefined;
  #watched: WatchedFiles = { inputs: new Map(), artifacts: [] };
  #manifestScan = emptyScan;
  readonly #inputScans = new Map<string, FileScan>();
  #artifactScan = emptyScan;
  /** Changed since their last successful build. */
  readonly #outdated = new Set<string>();

  constructor(options: WatchedAppOptions) {
    this.#options = options;
    const { manifest } = options;
    const end = manifest.lastIndexOf("/");
    this.#manifestPattern = watchedPattern(manifest.slice(0, end), manifest.slice(end + 1));
  }

  /** The plan of the last manifest that could be read; undefined before. */
  get plan(): BuildPlan | undefined {
    return this.#plan;
  }

  /** Where changes of its files can happen. */
  get directories(): ReadonlySet<string> {
    const scans = [this.#manifestScan, this.#artifactScan, ...this.#inputScans.values()];
    return new Set(scans.flatMap((scan) => [...scan.directories]));
  }

  /** Ids of components whose sources nobody named. */
  get unwatched(): readonly string[] {
    return (this.#plan?.components ?? [])
      .filter(({ build }) => build !== undefined && build.watch.length === 0)
      .map(({ id }) => id);
  }

  /**
   * Looks at all files and takes note of them. Rejects when the manifest cannot be read; what was
   * known before stays.
   */
  async look(): Promise<WatchFinding> {
    const changed = new Set<string>();
    const manifest = await scanFiles([this.#manifestPattern], this.#manifestScan);
    const manifestChanges = changedFiles(this.#manifestScan, manifest);
    this.#manifestScan = manifest;
    for (const path of manifestChanges) changed.add(path);
    if (manifestChanges.length > 0) await this.#replan();
    for (const path of await this.#lookAtInputs()) changed.add(path);
    for (const path of await this.#lookAtArtifacts()) changed.add(path);
    const directory = this.#manifestPattern.directory;
    return {
      changed: [...changed].map((path) => relative(directory, path)),
      toBuild: [...this.#outdated],
    };
  }

  /** Takes note of what a build has made. Its inputs stay as they were when it began. */
  async built(components: readonly string[]): Promise<void> {
    for (const id of components) this.#outdated.delete(id);
    await this.#lookAtArtifacts();
  }

  async #replan(): Promise<void> {
    const before = new Map(this.#plan?.components.map((each) => [each.id, JSON.stringify(each)]));
    const plan = await this.#options.readPlan(this.#options.manifest);
    this.#watched = watchedFiles(plan);
    this.#plan = plan;
    const isBuilt = new Set<string>();
    for (const component of plan.components) {
      if (component.build === undefined || !this.#options.isBuilding) continue;
      isBuilt.add(component.id);
      const isChanged = before.get(component.id) !== JSON.stringify(component);
      if (isChanged) this.#outdated.add(component.id);
      // What is new in its patterns is covered by that build.
      if (isChanged) this.#inputScans.set(component.id, await this.#scanInputs(component.id));
    }
    for (const id of [...this.#outdated, ...this.#inputScans.keys()]) {
      if (isBuilt.has(id)) continue;
      this.#outdated.delete(id);
      this.#inputScans.delete(id);
    }
  }

  #scanInputs(id: string): Promise<FileScan> {
    return scanFiles(this.#watched.inputs.get(id) ?? [], this.#inputScans.get(id));
  }

  async #lookAtInputs(): Promise<string[]> {
    const made = new Set(this.#plan?.components.map(({ sourcePath }) => sourcePath));
    const changed: string[] = [];
    for (const [id, before] of this.#inputScans) {
      const after = await this.#scanInputs(id);
      this.#inputScans.set(id, after);
      // What a build makes may match a pattern too, but is no reason for the next build.
      const own = changedFiles(before, after).filter((path) => !made.has(path));
      if (own.length > 0) this.#outdated.add(id);
      changed.push(...own);
    }
    return changed;
  }

  async #lookAtArtifacts(): Promise<string[]> {
    const after = await scanFiles(this.#watched.artifacts, this.#artifactScan);
    const changed = changedFiles(this.#artifactScan, after);
    this.#artifactScan = after;
    return changed;
  }
}

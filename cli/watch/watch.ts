import type { App } from "../../runtime/app/app.ts";
import { selectComponents } from "../../runtime/app/build-plan.ts";
import { readBuildPlan } from "../../runtime/app/build-plan-file.ts";
import { loadApp } from "../../runtime/app/load-app.ts";
import { retainComponents } from "../../runtime/app/retain-components.ts";
import type { RunningApp } from "../../runtime/trigger/running-app.ts";
import { runBuild } from "../build/run-build.ts";
import type { BuildOptions } from "../build/run-build.ts";
import { readLoadOptions } from "../load-options.ts";
import { exitCodes } from "../io.ts";
import type { CommandIo } from "../io.ts";
import { up } from "../up/up.ts";
import type { UpDependencies, UpOptions } from "../up/up.ts";
import { ChangeHints } from "./change-hints.ts";
import type { WatchReporter } from "./watch-reporter.ts";
import { WatchedApp } from "./watched-app.ts";

export interface WatchOptions {
  /** Absolute path of the manifest. */
  readonly manifest: string;
  readonly skipBuild: boolean;
  /** Clear the terminal before each round. */
  readonly clear: boolean;
  /** How long nothing more must change. */
  readonly debounceMs: number;
  readonly up: UpOptions;
}

export interface WatchDependencies extends UpDependencies {
  readonly watchReporter: WatchReporter;
  readonly build: Omit<BuildOptions, "signal">;
}

/**
 * Builds an app and serves it until a signal comes; when its files change, builds what they belong
 * to and goes on with the new version. What fails is reported; the version before is served on.
 * @returns the exit code.
 */
export async function watch(
  options: WatchOptions,
  dependencies: WatchDependencies,
): Promise<number> {
  using session = new WatchSession(options, dependencies);
  return await session.run();
}

class WatchSession implements Disposable {
  readonly #options: WatchOptions;
  readonly #dependencies: WatchDependencies;
  readonly #hints: ChangeHints;
  readonly #app: WatchedApp;
  readonly #interrupt = new AbortController();
  #isServing = false;

  constructor(options: WatchOptions, dependencies: WatchDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#hints = new ChangeHints(options.debounceMs);
    this.#app = new WatchedApp({
      manifest: options.manifest,
      isBuilding: !options.skipBuild,
      readPlan: (manifest) => readBuildPlan(manifest, options.up.profile),
    });
  }

  async run(): Promise<number> {
    const end = this.#dependencies.io.signals.next();
    void end.then(() => this.#interrupt.abort());
    let isReady = await this.#update();
    this.#warnUnwatched();
    for (;;) {
      while (!isReady && !this.#isOver) isReady = await this.#nextVersion(this.#interrupt.signal);
      if (this.#isOver) return exitCodes.done;
      const outcome = await this.#serve(end);
      if (this.#isOver) return outcome.exitCode;
      isReady = outcome.hasNewVersion;
    }
  }

  [Symbol.dispose](): void {
    this.#hints[Symbol.dispose]();
  }

  get #isOver(): boolean {
    return this.#interrupt.signal.aborted;
  }

  /** Serves until a signal comes, or for a command until its end or its next version. */
  async #serve(end: Promise<"SIGINT" | "SIGTERM">): Promise<ServeOutcome> {
    const { io, startApp } = this.#dependencies;
    const served = new AbortController();
    const outcome = { exitCode: exitCodes.done as number, hasNewVersion: false };
    let reloading: Promise<void> = Promise.resolve();
    try {
      outcome.exitCode = await up(this.#options.up, {
        ...this.#dependencies,
        io: withFirstSignal(io, end),
        startApp: async (app, startOptions) => {
          const running = await startApp(app, startOptions);
          this.#isServing = true;
          const replaced = Promise.withResolvers<number>();
          reloading = this.#reloadUntil(served.signal, running, () => {
            outcome.hasNewVersion = true;
            replaced.resolve(exitCodes.done);
          });
          return running.exited === undefined ? running : endingToo(running, replaced.promise);
        },
      });
    } catch (error) {
      this.#report(error);
    } finally {
      this.#isServing = false;
      served.abort();
      await reloading;
    }
    return outcome;
  }

  async #reloadUntil(signal: AbortSignal, running: RunningApp, replace: () => void): Promise<void> {
    while (!signal.aborted) {
      if (!(await this.#nextVersion(signal))) continue;
      if (running.exited !== undefined) {
        replace();
        return;
      }
      try {
        await running.reload(await this.#load());
        this.#dependencies.watchReporter.reloaded();
      } catch (error) {
        this.#report(error);
      }
    }
  }

  async #load(): Promise<App> {
    const { from, components, profile, registry } = this.#options.up;
    const flags = { ...registry, ...(profile !== undefined && { profile }) };
    const load = await readLoadOptions(flags, this.#dependencies.environment);
    const app = retainComponents(await loadApp(from, load), components);
    for (const warning of app.warnings) this.#dependencies.reporter.warning(warning);
    return app;
  }

  /** Waits for a change; whether it led to another version of the app. */
  async #nextVersion(signal: AbortSignal): Promise<boolean> {
    return (await this.#hints.next(signal)) && (await this.#update());
  }

  /** Looks for changes and builds what they belong to; whether the app is another now. */
  async #update(): Promise<boolean> {
    try {
      const { changed, toBuild } = await this.#app.look();
      if (changed.length === 0) return false;
      this.#announce(changed);
      await this.#build(toBuild);
      return true;
    } catch (error) {
      if (!this.#isOver) this.#report(error);
      return false;
    } finally {
      this.#hints.follow(this.#app.directories);
    }
  }

  #announce(changed: readonly string[]): void {
    const { io, watchReporter } = this.#dependencies;
    if (this.#options.clear && io.stdout.isTerminal) io.stdout.write("\u001b[2J\u001b[3J\u001b[H");
    if (this.#isServing) watchReporter.changed(changed);
  }

  async #build(components: readonly string[]): Promise<void> {
    const { plan } = this.#app;
    if (components.length === 0 || plan === undefined) return;
    const { signal } = this.#interrupt;
    await runBuild(selectComponents(plan, components), { ...this.#dependencies.build, signal });
    await this.#app.built(components);
  }

  #warnUnwatched(): void {
    const { unwatched } = this.#app;
    if (unwatched.length === 0 || this.#options.skipBuild) return;
    this.#dependencies.watchReporter.unwatched(unwatched);
  }

  #report(error: unknown): void {
    this.#dependencies.reporter.error(error);
    this.#dependencies.watchReporter.waiting(this.#isServing);
  }
}

interface ServeOutcome {
  readonly exitCode: number;
  readonly hasNewVersion: boolean;
}

/** The signal that everybody waits for is the first one; those after it are new. */
function withFirstSignal(io: CommandIo, first: Promise<"SIGINT" | "SIGTERM">): CommandIo {
  let isTaken = false;
  return {
    ...io,
    signals: {
      next: () => {
        if (isTaken) return io.signals.next();
        isTaken = true;
        return first;
      },
    },
  };
}

/** A running command that also counts as ended when this promise settles. */
function endingToo(running: RunningApp, ended: Promise<number>): RunningApp {
  return {
    url: running.url,
    exited: Promise.race([running.exited ?? ended, ended]),
    reload: (app) => running.reload(app),
    close: (signal) => running.close(signal),
  };
}

import { join, resolve } from "node:path";
import { loadApp } from "../../../runtime/app/load-app.ts";
import { loadRuntimeConfig } from "../../../runtime/app/load-runtime-config.ts";
import { readVariableArguments } from "../../../runtime/app/variable-arguments.ts";
import { withWarm } from "../../../runtime/app/warm-settings.ts";
import { errorText } from "../../../runtime/error.ts";
import { AppHost } from "../../../runtime/host/app-host.ts";
import { isAppName } from "../../../runtime/host/request-name.ts";
import { cacheFolder } from "../../cache-folder.ts";
import type { Machine } from "../../command.ts";
import type { CommandIo } from "../../io.ts";
import { ChangeHints } from "../../watch/change-hints.ts";
import { prepareVersion } from "../prepare-version.ts";
import { finish } from "../finish.ts";
import type { UpOptions } from "../up.ts";
import { AppFolder } from "./app-folder.ts";
import type { FoundApp } from "./app-folder.ts";
import type { DirOptions } from "./dir-flags.ts";
import { type DirLiveView, offerDirLiveView } from "./dir-live-view.ts";
import type { DirReporter, ServedApp } from "./dir-output.ts";
import { workerCode } from "./worker-code.ts";

export interface UpDirDependencies {
  readonly io: CommandIo;
  readonly reporter: DirReporter;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute; relative paths start here. */
  readonly directory: string;
  /** Of Whorl. */
  readonly version: string;
  /** Undefined: nobody can look at what runs here, and nothing is exported. */
  readonly machine?: Machine | undefined;
}

/** After the last change of a file so long nothing must happen before it is looked at. */
const quietMs = 200;

/**
 * Serves the apps of a folder until a signal comes; a second signal does not wait for requests.
 * Folders that come, go or change meanwhile are served, no more, or in their new version.
 * @returns the exit code.
 * @throws WhorlError if the folder cannot be read or the address cannot be had.
 */
export async function upDir(
  options: UpOptions,
  dir: DirOptions,
  dependencies: UpDirDependencies,
): Promise<number> {
  const { io, reporter } = dependencies;
  const signal = io.signals.next();
  using _survival = io.surviveErrors((error) => reporter.error(error));
  await using owned = new AsyncDisposableStack();
  const host = await openHost(options, dir, dependencies);
  owned.defer(() => host.close());
  const served = new ServedFolder(host, { options, dir, dependencies });
  const live = owned.use(await offerLiveView(host, served, { options, dir, dependencies }));
  await served.open();
  if (live?.consoleUrl !== undefined) reporter.consoleReady(live.consoleUrl);
  const following = new AbortController();
  const follow = served.follow(following.signal);
  const end = await Promise.race([signal, follow.then(() => signal)]);
  reporter.stopping(end);
  following.abort();
  return await finish(host, io.signals.next());
}

interface FolderParts {
  readonly options: UpOptions;
  readonly dir: DirOptions;
  readonly dependencies: UpDirDependencies;
}

/** A folder and the host that serves what is in it. */
class ServedFolder {
  readonly #host: AppHost;
  readonly #options: UpOptions;
  readonly #dir: DirOptions;
  readonly #dependencies: UpDirDependencies;
  readonly #folder: AppFolder;
  /** What was found well and could not be served all the same. */
  readonly #refused = new Map<string, string>();
  #nextPort: number;

  constructor(host: AppHost, { options, dir, dependencies }: FolderParts) {
    this.#host = host;
    this.#options = options;
    this.#dir = dir;
    this.#dependencies = dependencies;
    this.#nextPort = options.listen.port;
    this.#folder = new AppFolder({
      folder: resolve(dependencies.directory, dir.folder),
      isName: isAppName,
      load: (path) => loadApp(path, { profile: options.profile }),
    });
  }

  /** Serves what is there now. Rejects with WhorlError as {@link upDir}. */
  async open(): Promise<void> {
    const host = this.#host;
    const options = this.#options;
    const dir = this.#dir;
    const { reporter } = this.#dependencies;
    // Who comes before everything was looked at is not told that there is no such app.
    host.holdCallers();
    const address = dir.isPortPerApp ? undefined : await host.listen(options.listen);
    const serving = await this.#look();
    host.admitCallers();
    reporter.listening(dir.folder, address && `http://${address.host}:${address.port}`);
    reporter.serving(serving);
    void host.prepared().then(() => reporter.prepared(host.apps.length));
  }

  /** Why what is in the folder is not served, by name. */
  get problems(): ReadonlyMap<string, string> {
    return new Map([...this.#folder.problems, ...this.#refused]);
  }

  /** Looks at the folder whenever something in it may have changed. */
  async follow(signal: AbortSignal): Promise<void> {
    using hints = new ChangeHints(quietMs);
    for (;;) {
      this.#followDirectories(hints);
      if (!(await hints.next(signal))) return;
      await this.#lookAgain();
    }
  }

  async #lookAgain(): Promise<void> {
    const { reporter } = this.#dependencies;
    try {
      reporter.serving(await this.#look());
    } catch (error) {
      reporter.error(error);
    }
  }

  /** What is served from now on, or in another version. Rejects when the folder cannot be read. */
  async #look(): Promise<readonly ServedApp[]> {
    const { reporter } = this.#dependencies;
    const { changed, removed, problems } = await this.#folder.look();
    for (const problem of problems) reporter.error(problem);
    for (const name of this.#refused.keys()) {
      if (!this.#folder.has(name)) this.#refused.delete(name);
    }
    for (const name of removed) {
      await this.#host.remove(name);
      reporter.removed(name);
    }
    const serving: ServedApp[] = [];
    for (const found of changed) {
      const url = await this.#serve(found);
      if (url !== undefined) serving.push({ name: found.name, url });
    }
    return serving;
  }

  async #serve({ name, app: loaded }: FoundApp): Promise<string | undefined> {
    const { reporter, directory } = this.#dependencies;
    const { warm, stateDirectory, runtimeConfigFile } = this.#options;
    try {
      const app = warm === undefined ? loaded : withWarm(loaded, warm);
      for (const warning of app.warnings) reporter.warning(`${name}: ${warning}`);
      const runtimeConfig = await loadRuntimeConfig(runtimeConfigFile, {
        workingDirectory: directory,
        appDirectory: app.directory,
        ...(stateDirectory !== undefined && { stateDirectory: join(stateDirectory, name) }),
      });
      const listen = this.#ownAddress(name);
      const url = await this.#host.serve({ name, app, runtimeConfig, listen });
      this.#refused.delete(name);
      return url;
    } catch (error) {
      this.#refused.set(name, errorText(error));
      reporter.error(`${name} is not served: ${errorText(error)}`);
      return undefined;
    }
  }

  /** A port that was given once is not given to another app. */
  #ownAddress(name: string): { readonly host: string; readonly port: number } | undefined {
    if (!this.#dir.isPortPerApp || this.#host.has(name)) return undefined;
    const { host } = this.#options.listen;
    return { host, port: this.#nextPort === 0 ? 0 : this.#nextPort++ };
  }

  /** With more apps than the system lets watch, those that come and go are still noticed. */
  #followDirectories(hints: ChangeHints): void {
    try {
      hints.follow(this.#folder.directories);
    } catch (error) {
      this.#dependencies.reporter.warning(errorText(error));
    }
  }
}

async function openHost(
  options: UpOptions,
  dir: DirOptions,
  { reporter, environment, directory, version, machine }: UpDirDependencies,
): Promise<AppHost> {
  const { live } = options;
  const keepsRequests = live?.console !== undefined;
  const begin = keepsRequests || live?.metrics !== undefined ? "now" : "asked";
  const cacheDirectory = options.registry.cacheDir ?? cacheFolder(environment);
  const named = (app: string, message: string): string =>
    app === "" ? message : `${app}: ${message}`;
  return new AppHost({
    ...dir,
    workerCode,
    settings: {
      environment: options.environment,
      variables: await readVariableArguments(options.variables, directory),
      processEnvironment: { ...environment },
      reuse: options.reuse,
      limits: options.limits,
      cacheDirectory: join(cacheDirectory, "prepared"),
      prepareVersion: prepareVersion(version),
      telemetry: machine && { version, begin, keepsRequests },
    },
    log: {
      guestLine: (...line) => reporter.guestLine(...line),
      warning: (app, message) => reporter.warning(named(app, message)),
      error: (app, message) => reporter.error(named(app, message)),
    },
  });
}

/** Nothing where nobody could look. */
async function offerLiveView(
  host: AppHost,
  served: ServedFolder,
  { options: { live = {} }, dir: { folder }, dependencies }: FolderParts,
): Promise<DirLiveView | undefined> {
  const { machine, environment, version, reporter, directory } = dependencies;
  if (machine === undefined) return undefined;
  return await offerDirLiveView(live, {
    ...{ machine, environment, version },
    shown: { folder: resolve(directory, folder), host, unserved: () => served.problems },
    onWarning: (message) => reporter.warning(message),
  });
}

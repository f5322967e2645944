import { basename, resolve } from "node:path";
import type { HostedApp } from "../../../runtime/host/protocol.ts";
import type { HostTelemetry } from "../../../runtime/host/host-telemetry.ts";
import { ProcessView } from "../../../runtime/telemetry/admin/process-view.ts";
import type { AppDescription } from "../../../runtime/telemetry/admin/process-view.ts";
import { UsageSampler } from "../../../runtime/telemetry/live/usage-sampler.ts";
import { describeApp } from "../describe-app.ts";
import type { ListenAddress } from "../listen-address.ts";
import { offerConsole, type OfferedConsole } from "../offer-console.ts";

/** What is in a folder of apps: who serves it, and what is not served. */
export interface ShownFolder {
  /** As it was named. */
  readonly folder: string;
  readonly host: {
    readonly telemetry: HostTelemetry;
    readonly apps: readonly HostedApp[];
    readonly broken: { reason(app: HostedApp): string | undefined };
  };
  /** Names of what cannot be served, with the reason. */
  unserved(): ReadonlyMap<string, string>;
}

export interface DirConsoleDependencies {
  /** Of Whorl. */
  readonly version: string;
  readonly pid: number;
  onWarning(message: string): void;
}

/** Serves the console of a folder of apps. Rejects as {@link offerConsole}. */
export async function offerDirConsole(
  address: ListenAddress,
  shown: ShownFolder,
  { version, pid, onWarning }: DirConsoleDependencies,
): Promise<OfferedConsole> {
  const { telemetry } = shown.host;
  const { recorder } = telemetry;
  if (recorder === undefined) throw new Error("a console needs a recorder");
  await using stack = new AsyncDisposableStack();
  const sampler = stack.use(new UsageSampler(telemetry));
  const title = basename(resolve(shown.folder));
  const descriptions = new FolderDescriptions(shown);
  const view = new ProcessView({
    ...{ recorder, sampler },
    apps: () => descriptions.all(),
    find: (id) => telemetry.find(id),
    info: () => ({ title, version, pid, startedMs: performance.timeOrigin }),
  });
  const offered = stack.use(await offerConsole(address, view, onWarning));
  const owned = stack.move();
  return { url: offered.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

interface Described {
  readonly version: number;
  readonly problem: string | undefined;
  readonly description: AppDescription;
}

/** What is told of the apps: made once for each version, there may be a thousand. */
class FolderDescriptions {
  readonly #shown: ShownFolder;
  #known: ReadonlyMap<string, Described> = new Map();

  constructor(shown: ShownFolder) {
    this.#shown = shown;
  }

  all(): readonly AppDescription[] {
    const { host, unserved } = this.#shown;
    this.#known = new Map(host.apps.map((app) => [app.name, this.#described(app)]));
    const served = [...this.#known.values()].map(({ description }) => description);
    const others = [...unserved()]
      .filter(([name]) => !this.#known.has(name))
      .map(([name, problem]) => ({ ...{ name, problem }, ...nothing }));
    return [...served, ...others];
  }

  #described(hosted: HostedApp): Described {
    const { name, app, url, version } = hosted;
    const problem = this.#shown.host.broken.reason(hosted);
    const known = this.#known.get(name);
    if (known?.version === version && known.problem === problem) return known;
    // Here an app is called as it is asked for, whatever its manifest says.
    return { version, problem, description: { ...describeApp(app, url), name, problem } };
  }
}

const nothing = { warnings: [], components: [], triggers: [] } as const;

import { join } from "node:path";
import { shimLimits } from "../limits.ts";
import type { AdoptedChildren } from "./adopted-child.ts";
import { cgroupFolder, openCgroup, removeEmptyCgroups } from "./cgroup.ts";
import type { FrontKernel } from "./front-kernel.ts";
import type { HostPool } from "./host-pool.ts";
import { HostProcess } from "./host-process.ts";
import { SharedHost, type SharedHostOptions, type SharedHostState } from "./shared-host.ts";

/** All shared hosts for another program in this process that goes on with them. */
export type SharedHostsState = readonly (SharedHostState & { readonly domain: string })[];

export interface SharedHostsOptions {
  readonly hosts: HostPool;
  readonly kernel: FrontKernel;
  readonly log: (message: string) => void;
}

/** The processes that are shared, one for each domain. */
export class SharedHosts implements AsyncDisposable {
  readonly #options: SharedHostsOptions;
  readonly #byDomain = new Map<string, SharedHost>();
  readonly #timers = new Map<SharedHost, NodeJS.Timeout>();

  constructor(options: SharedHostsOptions) {
    this.#options = options;
  }

  /**
   * The process of a domain; started if there is none.
   * @param container a container of the domain: its cgroup, and a user for a new process
   */
  of(
    domain: string,
    container: { readonly cgroupPath: string | undefined; readonly unprivilegedId: number },
  ): SharedHost {
    const known = this.#byDomain.get(domain);
    if (known?.hasEnded === false) {
      clearTimeout(this.#timers.get(known));
      return known;
    }
    const process = this.#options.hosts.take();
    const cgroupPath = sharedCgroupPath(container.cgroupPath, domain, process.pid);
    if (cgroupPath !== undefined) removeEmptyCgroups(cgroupPath, cgroupPrefix);
    return this.#add(domain, { process, id: container.unprivilegedId, cgroupPath });
  }

  /** The process of a domain that {@link adopt} was told of. */
  known(domain: string): SharedHost | undefined {
    return this.#byDomain.get(domain);
  }

  /** Ends those that nobody uses. */
  endSpares(): void {
    for (const [domain, host] of this.#byDomain) {
      if (!host.isEmpty || host.hasEnded) continue;
      this.#byDomain.delete(domain);
      void host.stop();
    }
  }

  /** For another program in this process that goes on with them; changes nothing. */
  handOver(keep: (descriptor: number) => void): SharedHostsState {
    return [...this.#byDomain]
      .filter(([, host]) => !host.hasEnded && !host.isEmpty)
      .map(([domain, host]) => {
        const state = host.handOver();
        const { channel, passing } = state.process;
        for (const each of [channel, passing]) if (each !== undefined) keep(each);
        return { domain, ...state };
      });
  }

  /** Goes on with what {@link handOver} gave; before the containers in them. */
  adopt(state: SharedHostsState, children: AdoptedChildren): void {
    for (const { domain, ...each } of state) {
      const child = children.adopt(each.process);
      const process = HostProcess.adopt(child, each.process, this.#options.kernel);
      this.#add(domain, { process, id: each.id, cgroupPath: each.cgroupPath }, each);
    }
  }

  #add(
    domain: string,
    made: Pick<SharedHostOptions, "process" | "id" | "cgroupPath">,
    adopted?: SharedHostState,
  ): SharedHost {
    const { kernel, log } = this.#options;
    const onEmpty = (): void => this.#onEmpty(domain, host);
    const host: SharedHost = new SharedHost({ ...made, kernel, openCgroup, log, onEmpty }, adopted);
    this.#byDomain.set(domain, host);
    return host;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all([...this.#byDomain.values()].map((host) => host.stop()));
  }

  #onEmpty(domain: string, host: SharedHost): void {
    clearTimeout(this.#timers.get(host));
    this.#timers.delete(host);
    if (host.hasEnded) {
      if (this.#byDomain.get(domain) === host) this.#byDomain.delete(domain);
      return;
    }
    const timer = setTimeout(() => {
      // Whoever comes from now on gets another one.
      if (this.#byDomain.get(domain) === host) this.#byDomain.delete(domain);
      void host.stop();
    }, shimLimits.idleSharedHostMs);
    this.#timers.set(host, timer.unref());
  }
}

const cgroupPrefix = "whorl-";

/** Beside the cgroups of pods, so that what bounds all pods of the node bounds it too. */
export function sharedCgroupPath(
  containerPath: string | undefined,
  domain: string,
  pid: number | undefined,
): string | undefined {
  if (containerPath === undefined || pid === undefined) return undefined;
  const [, top = ""] = cgroupFolder(containerPath).split("/");
  // Of this process alone: what is left of an earlier one is ended while this one starts.
  return join("/", top, `${cgroupPrefix}${domain}-${pid}`);
}

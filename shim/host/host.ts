import { openSync, readdirSync, readFileSync, writeFileSync, writeSync, closeSync } from "node:fs";
import { join } from "node:path";
import type { App } from "../../runtime/app/app.ts";
import { loadApp } from "../../runtime/app/load-app.ts";
// Loaded when it is asked for, which is after the last moment to keep what was compiled.
import "../../runtime/app/load-manifest-app.ts";
import { retainComponents } from "../../runtime/app/retain-components.ts";
import { withWarm } from "../../runtime/app/warm-settings.ts";
import type { Mount } from "../../runtime/wasi/context.ts";
import { openEngine } from "../../runtime/trigger/engine.ts";
import { startApp } from "../../runtime/trigger/start-app.ts";
import type { StartedApp } from "../../runtime/trigger/running-app.ts";
import type { NetworkNamespace } from "../front/container-spec.ts";
import { openOutputs } from "../front/stdio.ts";
import { errorText, ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import { appSettings, componentsToRetain, guestEnvironment } from "./app-settings.ts";
import { mountRoot } from "./container-root.ts";
import { giveUpPrivileges } from "./give-up-privileges.ts";
import { guestMounts } from "./guest-mounts.ts";
import { guestLineFormat } from "./guest-line-format.ts";
import type { GuestOutput } from "./guest-output.ts";
import { invocationLimits } from "./invocation-limits.ts";
import type { Kernel } from "./kernel.ts";
import { listenAddress } from "./listen-address.ts";
import type { HostCommand, HostReport, HostSpec } from "./protocol.ts";
import { openPodTelemetry, type PodTelemetry } from "./pod-telemetry.ts";
import { ServedApp } from "./served-app.ts";
import { version } from "../version.ts";
import { preparedImageFile } from "../preparer/prepared-image.ts";
import { imageFolder } from "./scratch-folder.ts";
import { readWarmAnnotations } from "./warm-annotations.ts";

/** What a host process is given by its surroundings. */
export interface HostDependencies {
  readonly kernel: Kernel;
  /** Asked for once the container's outputs are in place. */
  output(fd: 1 | 2): GuestOutput;
  /** Folder of the runtime's own code, which may be loaded as late as a guest needs it. */
  readonly codeFolder: string;
  report(report: HostReport): void;
  /** Ends the process. */
  exit(status: number): void;
}

/** An app in its container's root, ready to be served. */
interface Prepared {
  readonly app: App;
  readonly spec: HostSpec;
  readonly mounts: readonly Mount[];
}

/** The app that a host process runs: prepared, then served, then drained. */
export class Host {
  readonly #dependencies: HostDependencies;
  #outputs: { readonly stdout: GuestOutput; readonly stderr: GuestOutput } | undefined;
  #prepared: Promise<Prepared> | undefined;
  readonly #served = new ServedApp();
  #telling: PodTelemetry | undefined;
  #terminationLog: number | undefined;
  #hasFailed = false;

  constructor(dependencies: HostDependencies) {
    this.#dependencies = dependencies;
  }

  /** A failure is written to the container's log and termination message, and ends the process. */
  async handle(command: HostCommand): Promise<void> {
    try {
      switch (command.kind) {
        case "prepare":
          this.#prepared = this.#prepare(command.spec);
          await this.#prepared;
          return;
        case "serve":
          await this.#untilExit();
          return;
        case "drain":
          await this.#served.drain();
          await this.#end(0);
          return;
        case "share":
        case "ping":
        case "seat":
          throw new ShimError("internal", `${command.kind} is no command for one container`);
      }
    } catch (error) {
      await this.#fail(error);
    }
  }

  async #prepare(spec: HostSpec): Promise<Prepared> {
    const { kernel } = this.#dependencies;
    this.#takeOutputs(spec);
    enterNetwork(spec.network, kernel);
    if (spec.refusal !== undefined) {
      this.#openTerminationLog(logOnNode(spec));
      throw new ShimError("invalid_argument", spec.refusal);
    }
    const { preopens, hidden } = this.#mount(spec);
    if (spec.network.kind !== "host") allowLowPorts();
    kernel.changeRoot(spec.rootfsPath);
    this.#openTerminationLog(spec.terminationPath);
    giveUpPrivileges(spec, kernel);
    const app = await loadApp(spec.appPath);
    for (const path of hidden) this.#log(`guests do not see ${path}: mount it in a folder`);
    const retained = retainComponents(app, componentsToRetain(spec.environment));
    const warmed = withWarm(retained, readWarmAnnotations(spec.warm ?? {}));
    const mounts = guestMounts(preopens, spec.environment, [...app.components.keys()]);
    return { app: warmed, spec, mounts };
  }

  #mount(spec: HostSpec): ReturnType<typeof mountRoot> {
    const { kernel, codeFolder } = this.#dependencies;
    try {
      return mountRoot(spec, codeFolder, kernel);
    } catch (error) {
      this.#openTerminationLog(logOnNode(spec));
      throw error;
    }
  }

  async #serve(): Promise<StartedApp> {
    if (this.#prepared === undefined) throw new ShimError("internal", "serve before prepare");
    const { app, spec, mounts } = await this.#prepared;
    const log = (message: string): void => this.#log(message);
    const shown = guestLineFormat(spec.environment);
    for (const warning of app.warnings) log(warning);
    this.#telling = await openPodTelemetry({
      environment: Object.fromEntries(spec.environment),
      pod: spec.pod ?? [],
      app: app.name,
      onWarning: log,
    });
    return startApp(app, {
      ...(await appSettings(app, spec)),
      ...(this.#telling !== undefined && { telemetry: this.#telling.telemetry }),
      // It ends with the process. The node's cache is not written by who runs guests, so that
      // nothing can be kept there, which is no news to anybody.
      engine: openEngine({
        cacheDirectory: cacheOf(spec),
        version,
        limits: invocationLimits(spec.environment),
        onWarning: () => undefined,
      }),
      listen: listenAddress(spec.environment),
      mounts,
      environment: guestEnvironment(app.variables.keys(), spec.environment),
      arguments: spec.arguments,
      onGuestLine: (component, stream, ...line) =>
        this.#outputs?.[stream].writeLine(shown(component, stream, ...line)),
      onWarning: log,
      onError: log,
    });
  }

  /** An app with a command ends with it. */
  async #untilExit(): Promise<void> {
    const { report } = this.#dependencies;
    const onRunning = (url: string | undefined): void => report({ kind: "running", url });
    const status = await this.#served.serve(this.#serve(), onRunning);
    if (status !== undefined) await this.#end(status);
  }

  async #fail(error: unknown): Promise<void> {
    // Who waits for what has failed fails as well.
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const reason = errorText(error);
    this.#log(reason);
    if (this.#terminationLog !== undefined) {
      writeSync(this.#terminationLog, firstBytes(reason));
    }
    this.#dependencies.report({ kind: "failed", reason });
    await this.#end(1);
  }

  async #end(status: number): Promise<void> {
    if (this.#terminationLog !== undefined) closeSync(this.#terminationLog);
    this.#terminationLog = undefined;
    await this.#telling?.[Symbol.asyncDispose]();
    await Promise.all([this.#outputs?.stdout.end(), this.#outputs?.stderr.end()]);
    this.#dependencies.exit(status);
  }

  /** From here on everything that this process says is the container's log. */
  #takeOutputs({ outputs }: HostSpec): void {
    const { kernel, output, report } = this.#dependencies;
    using opened = openOutputs(outputs);
    kernel.redirect(1, opened.stdout);
    kernel.redirect(2, opened.stderr);
    this.#outputs = { stdout: output(1), stderr: output(2) };
    report({ kind: "adopted" });
  }

  #log(message: string): void {
    this.#outputs?.stderr.writeLine(`whorl: ${message}`);
  }

  #openTerminationLog(path: string): void {
    try {
      this.#terminationLog = openSync(path, "r+");
    } catch {
      // Not run by Kubernetes: the log has the reason as well.
    }
  }
}

/**
 * Threads that exist already stay where they are, in the empty network that this process was
 * started in; those of Node that open connections or ask for names are started later.
 */
function enterNetwork(network: NetworkNamespace, kernel: Kernel): void {
  if (readdirSync("/proc/self/task").some((id) => nameOfThread(id).startsWith("libuv-worker"))) {
    throw new ShimError("internal", "a thread was started before the network was entered");
  }
  switch (network.kind) {
    case "host":
      return kernel.enterNetwork(`/proc/${process.ppid}/ns/net`);
    case "new":
      return kernel.enterNetwork(undefined);
    case "path":
      return kernel.enterNetwork(network.path);
  }
}

/** `""` for one that has ended since it was listed. */
function nameOfThread(id: string): string {
  try {
    return readFileSync(`/proc/self/task/${id}/comm`, "utf8");
  } catch {
    return "";
  }
}

function cacheOf({ imagePath }: HostSpec): string | undefined {
  return imagePath === undefined ? undefined : join(imageFolder, preparedImageFile.components);
}

/** As long as the container's root is not entered. */
function logOnNode({ mounts, terminationPath }: HostSpec): string {
  return mounts.find(({ destination }) => destination === terminationPath)?.source ?? "";
}

/** The pod's network is its own, so this concerns nobody else; containerd 2 does the same. */
function allowLowPorts(): void {
  const file = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
  if (Number(readFileSync(file, "utf8")) > 0) writeFileSync(file, "0");
}

function firstBytes(text: string): Buffer {
  return Buffer.from(text).subarray(0, shimLimits.terminationMessageBytesMax);
}

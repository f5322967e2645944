import { closeSync } from "node:fs";
import type { App } from "../../runtime/app/app.ts";
import { loadApp } from "../../runtime/app/load-app.ts";
import { retainComponents } from "../../runtime/app/retain-components.ts";
import { withWarm } from "../../runtime/app/warm-settings.ts";
import { limits } from "../../runtime/limits.ts";
import type { Mount } from "../../runtime/wasi/context.ts";
import { PrepareCache } from "../../runtime/prepare/prepare-cache.ts";
import type { Engine } from "../../runtime/trigger/engine.ts";
import type { Turns } from "../../runtime/trigger/http/server.ts";
import { startApp } from "../../runtime/trigger/start-app.ts";
import type { StartedApp, StartOptions } from "../../runtime/trigger/running-app.ts";
import { errorText, ShimError } from "../error.ts";
import { version } from "../version.ts";
import {
  type AppSettings,
  componentsToRetain,
  guestEnvironment,
  settingsOf,
} from "./app-settings.ts";
import type { DescriptorChannel } from "./descriptor-channel.ts";
import { guestMounts } from "./guest-mounts.ts";
import { guestLineFormat } from "./guest-line-format.ts";
import type { GuestOutput } from "./guest-output.ts";
import { invocationLimits } from "./invocation-limits.ts";
import type { Kernel } from "./kernel.ts";
import { listenAddress } from "./listen-address.ts";
import { PodSockets } from "./pod-sockets.ts";
import { asksForTelemetry } from "./pod-telemetry.ts";
import type { ProcessUsage } from "./process-usage.ts";
import type { SeatCommand, SeatReport, SeatSpec } from "./protocol.ts";
import { SeatMeter } from "./seat-meter.ts";
import { ServedApp } from "./served-app.ts";
import { readWarmAnnotations } from "./warm-annotations.ts";
import { whyUnsuitable } from "./why-unsuitable.ts";

export interface SeatDependencies {
  readonly engine: Engine;
  readonly descriptors: DescriptorChannel;
  readonly kernel: Kernel;
  readonly usage: ProcessUsage;
  /** All seats have one thread. */
  readonly turns: Turns;
  output(fd: number): GuestOutput;
  report(report: SeatReport): void;
  /** It is at its end; nothing of it is left. */
  onEnd(): void;
}

/** An app with everything that is known before it is served. */
interface Prepared {
  readonly app: App;
  readonly spec: SeatSpec;
  readonly settings: AppSettings;
  readonly mounts: readonly Mount[];
}

interface Outputs {
  readonly stdout: GuestOutput;
  readonly stderr: GuestOutput;
}

/** One container of a shared host: prepared, then served, then drained. */
export class Seat {
  readonly #dependencies: SeatDependencies;
  readonly #sockets: PodSockets;
  #outputs: Outputs | undefined;
  #prepared: Promise<Prepared> | undefined;
  readonly #served = new ServedApp();
  readonly #meter = new SeatMeter();
  #hasEnded = false;

  constructor(dependencies: SeatDependencies) {
    this.#dependencies = dependencies;
    const { descriptors, kernel, report, usage } = dependencies;
    usage.open(this.#meter);
    this.#sockets = new PodSockets({
      descriptors,
      kernel,
      ask: (request, sockets) => report({ kind: "wants", request, sockets }),
    });
  }

  /** A failure is written to the container's log, and ends this seat only. */
  async handle(command: SeatCommand): Promise<void> {
    try {
      switch (command.kind) {
        case "prepare":
          this.#takeOutputs(command.descriptors);
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
        case "remove":
          await this.#remove();
          return;
        case "measure":
          this.#measure();
          return;
        case "given":
          this.#sockets.receive(command.request, command.result);
          return;
      }
    } catch (error) {
      await this.#fail(error);
    }
  }

  #measure(): void {
    const { usage, report } = this.#dependencies;
    report({ kind: "usage", usage: usage.of(this.#meter) });
  }

  async #prepare(spec: SeatSpec): Promise<Prepared> {
    if (spec.refusal !== undefined) throw new ShimError("invalid_argument", spec.refusal);
    const whole = await loadApp(spec.appPath);
    const retained = retainComponents(whole, componentsToRetain(spec.environment));
    const app = withWarm(retained, readWarmAnnotations(spec.warm ?? {}));
    // Who exports connects to elsewhere, and not through the pod's sockets.
    if (asksForTelemetry(Object.fromEntries(spec.environment))) {
      throw new Unsuitable("it tells of itself (OTEL_*)");
    }
    if (Object.keys(invocationLimits(spec.environment)).length > 0) {
      throw new Unsuitable("its invocations have limits of their own");
    }
    const settings = await settingsOf(app, {
      file: spec.files.runtimeConfig,
      workingDirectory: spec.statePath,
      stateDirectory: spec.statePath,
      environment: spec.environment,
    });
    const reason = whyUnsuitable(app, settings.runtimeConfig, spec.statePath);
    if (reason !== undefined) throw new Unsuitable(reason);
    this.#sockets.use(spec.files);
    for (const path of spec.hidden) this.#log(`guests do not see ${path}: mount it in a folder`);
    this.#dependencies.report({ kind: "prepared" });
    const mounts = guestMounts(spec.volumes, spec.environment, [...whole.components.keys()]);
    return { app, spec, settings, mounts };
  }

  async #serve(): Promise<StartedApp> {
    if (this.#prepared === undefined) throw new ShimError("internal", "serve before prepare");
    const { app, spec, settings, mounts } = await this.#prepared;
    const log = (message: string): void => this.#log(message);
    const shown = guestLineFormat(spec.environment);
    for (const warning of app.warnings) log(warning);
    await this.#sockets.open(app);
    const listen = await this.#listen(app, spec);
    return startApp(app, {
      ...settings,
      engine: this.#engine(spec),
      listen,
      network: this.#sockets,
      turns: this.#dependencies.turns,
      mounts,
      environment: guestEnvironment(app.variables.keys(), spec.environment),
      arguments: spec.arguments,
      telemetry: this.#meter,
      onGuestLine: (component, stream, ...line) =>
        this.#outputs?.[stream].writeLine(shown(component, stream, ...line)),
      onWarning: log,
      onError: log,
    });
  }

  /** Components are prepared once per image; the rest is shared by all seats. */
  #engine({ componentsPath }: SeatSpec): Engine {
    const { engine } = this.#dependencies;
    if (componentsPath === undefined) return engine;
    const cache = new PrepareCache({
      directory: componentsPath,
      version,
      bytesMax: limits.prepareCacheBytesMax,
      onWarning: () => undefined,
    });
    return { ...engine, cache, [Symbol.dispose]: () => undefined };
  }

  async #listen(app: App, spec: SeatSpec): Promise<StartOptions["listen"]> {
    const address = listenAddress(spec.environment);
    if (app.httpTriggers.length === 0) return address;
    return { fd: await this.#sockets.listen(address) };
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
    if (this.#hasEnded) return;
    if (error instanceof Unsuitable) {
      this.#hasEnded = true;
      await this.#release();
      this.#dependencies.report({ kind: "unsuitable", reason: error.message });
      return;
    }
    const reason = errorText(error);
    this.#log(reason);
    this.#dependencies.report({ kind: "failed", reason });
    await this.#end(1);
  }

  async #end(status: number): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    await this.#release();
    this.#dependencies.report({ kind: "ended", status });
  }

  async #remove(): Promise<void> {
    this.#hasEnded = true;
    await this.#served.cutOff();
    await this.#release();
  }

  async #release(): Promise<void> {
    this.#sockets[Symbol.dispose]();
    this.#dependencies.usage.close(this.#meter);
    const outputs = this.#outputs;
    this.#outputs = undefined;
    await Promise.all([outputs?.stdout.end(), outputs?.stderr.end()]);
    this.#dependencies.onEnd();
  }

  #takeOutputs(message: string): void {
    const { descriptors, output } = this.#dependencies;
    const [stdout, stderr, ...rest] = descriptors.take(message);
    for (const fd of rest) closeSync(fd);
    if (stdout === undefined || stderr === undefined) {
      throw new ShimError("internal", "a container came without outputs");
    }
    this.#outputs = { stdout: output(stdout), stderr: output(stderr) };
  }

  #log(message: string): void {
    this.#outputs?.stderr.writeLine(`whorl: ${message}`);
  }
}

/** The app is in order, but asks for something that needs a process of its own. */
class Unsuitable extends Error {}

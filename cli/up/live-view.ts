import type { App } from "../../runtime/app/app.ts";
import { errorText } from "../../runtime/error.ts";
import type { AdminIdentity } from "../../runtime/telemetry/admin/admin-server.ts";
import type { AppDescription, ProcessFacts } from "../../runtime/telemetry/admin/process-view.ts";
import { openTelemetry } from "../../runtime/telemetry/open-telemetry.ts";
import type { OpenTelemetry } from "../../runtime/telemetry/open-telemetry.ts";
import type { Telemetry } from "../../runtime/telemetry/telemetry.ts";
import type { Machine } from "../command.ts";
import type { Reporter } from "../output.ts";
import { socketPlace } from "../top/socket-place.ts";
import type { ListenAddress } from "./listen-address.ts";
import type { OfferedConsole } from "./offer-console.ts";

/** What is offered to look at, beside the socket for the user's own terminals. */
export interface LiveViewOptions {
  /** A page for browsers. */
  readonly console?: ListenAddress;
  /** Metrics for Prometheus. */
  readonly metrics?: ListenAddress;
}

export interface LiveViewDependencies {
  readonly machine: Machine;
  /** Of Whorl. */
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly reporter: Reporter;
}

/** What a process tells about the app that it serves, and to whom. Disposing sends what is left. */
export interface LiveView extends AsyncDisposable {
  readonly telemetry: Telemetry;
  /** The app is served: whoever looks sees it from now on. Nobody has to wait for that. */
  serving(app: App, url: string | undefined): void;
}

/**
 * Opens what was asked for. Requests are recorded from the first look on, or from the beginning
 * where that was asked for or something is exported. Rejects with WhorlError `listen` where an
 * address cannot be had.
 */
export async function openLiveView(
  options: LiveViewOptions,
  dependencies: LiveViewDependencies,
): Promise<LiveView> {
  const { machine, version, environment, reporter } = dependencies;
  await using stack = new AsyncDisposableStack();
  const isAsked = options.console !== undefined || options.metrics !== undefined;
  const telemetry = await openTelemetry({
    environment,
    resource: { version, hostName: machine.hostName, pid: machine.pid },
    begin: isAsked ? "now" : "asked",
    keepsRequests: options.console !== undefined,
    onWarning: (message) => reporter.warning(message),
    onLinesDropped: (component, count) => reporter.linesDropped(component, count),
  });
  stack.defer(() => telemetry.close());
  const view = new ServedView(telemetry, dependencies);
  if (options.metrics !== undefined) stack.use(await view.offerMetrics(options.metrics));
  const consoleView =
    options.console === undefined ? undefined : stack.use(await view.offerConsole(options.console));
  const owned = stack.move();
  let offered: Promise<void> = Promise.resolve();
  let isClosing = false;
  return {
    telemetry,
    serving(app, url) {
      // Told to stop while the app still began to serve.
      if (isClosing) return;
      view.app = { app, url };
      if (consoleView !== undefined) reporter.consoleReady(consoleView.url);
      offered = view.offerSocket().then(
        (socket) => void owned.use(socket),
        (error: unknown) => {
          const reason = errorText(error);
          reporter.warning(`whorl top and whorl tail cannot look at this app: ${reason}`);
        },
      );
    },
    async [Symbol.asyncDispose]() {
      isClosing = true;
      await offered;
      await owned.disposeAsync();
    },
  };
}

interface ServedApp {
  readonly app: App;
  readonly url: string | undefined;
}

class ServedView {
  readonly #telemetry: OpenTelemetry;
  readonly #dependencies: LiveViewDependencies;
  app: ServedApp | undefined;

  constructor(telemetry: OpenTelemetry, dependencies: LiveViewDependencies) {
    this.#telemetry = telemetry;
    this.#dependencies = dependencies;
  }

  async offerMetrics({ host, port }: ListenAddress): Promise<AsyncDisposable> {
    const { startAdminServer } = await import("../../runtime/telemetry/admin/admin-server.ts");
    return startAdminServer({ kind: "metrics", host, port }, this.#telemetry, this.#identity);
  }

  /** Undefined on systems without such sockets. */
  async offerSocket(): Promise<AsyncDisposable | undefined> {
    const { machine, environment } = this.#dependencies;
    if (machine.userId === undefined) return undefined;
    const [{ startAdminServer }, { prepareAdminFolder }] = await Promise.all([
      import("../../runtime/telemetry/admin/admin-server.ts"),
      import("../../runtime/telemetry/admin/admin-socket.ts"),
    ]);
    const path = prepareAdminFolder(socketPlace(environment, machine.userId), machine.pid);
    return startAdminServer({ kind: "socket", path }, this.#telemetry, this.#identity);
  }

  async offerConsole(address: ListenAddress): Promise<OfferedConsole> {
    const { recorder } = this.#telemetry;
    if (recorder === undefined) throw new Error("a console needs a recorder");
    const [{ offerConsole }, { ProcessView }, { UsageSampler }] = await Promise.all([
      import("./offer-console.ts"),
      import("../../runtime/telemetry/admin/process-view.ts"),
      import("../../runtime/telemetry/live/usage-sampler.ts"),
    ]);
    const { reporter } = this.#dependencies;
    await using stack = new AsyncDisposableStack();
    const sampler = stack.use(new UsageSampler(this.#telemetry));
    const apps = await this.#describer();
    const view = new ProcessView({ recorder, sampler, apps, info: () => this.#info() });
    const warn = (message: string): void => reporter.warning(message);
    const { url } = stack.use(await offerConsole(address, view, warn));
    const owned = stack.move();
    return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  }

  readonly #identity = (): AdminIdentity => ({
    apps: this.app === undefined ? [] : [this.app.app.name],
    url: this.app?.url,
    version: this.#dependencies.version,
  });

  #info(): ProcessFacts {
    const { version, machine } = this.#dependencies;
    const title = this.app?.app.name ?? "";
    return { title, version, pid: machine.pid, startedMs: performance.timeOrigin };
  }

  async #describer(): Promise<() => AppDescription[]> {
    const { describeApp } = await import("./describe-app.ts");
    return () => (this.app === undefined ? [] : [describeApp(this.app.app, this.app.url)]);
  }
}

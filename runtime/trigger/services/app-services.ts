import type { App, AppComponent } from "../../app/app.ts";
import { AppStores } from "../../app/app-stores.ts";
import { compileOutboundHosts } from "../../app/outbound-hosts.ts";
import { Refusals } from "../../app/refusals.ts";
import { resolveApp } from "../../app/resolve-app.ts";
import type { RuntimeConfig } from "../../app/runtime-config.ts";
import { VariableResolver } from "../../app/variable-resolver.ts";
import type { HostInterface } from "../../instance/host-interface.ts";
import { parseInterfaceName } from "../../instance/interface-name.ts";
import { openVariableProvider } from "../../spin/variables/open-provider.ts";
import { StaticProvider } from "../../spin/variables/static-provider.ts";
import type { InvocationHolder } from "../../telemetry/host-call-spans.ts";
import { OtelContext } from "../../spin/wasi-otel/otel-scope.ts";
import type { WasiContext } from "../../wasi/context.ts";
import type { GuestContext } from "../guest-context.ts";
import { guestInterfaces } from "../guest-interfaces.ts";
import { guestServiceGroups } from "./guest-service.ts";
import type { Outside } from "./outside.ts";
import type { GuestService, GuestServiceGroup, GuestServiceOptions } from "./guest-service.ts";

/** Where an app's variables and stores come from. */
export interface ServiceOptions {
  readonly runtimeConfig: RuntimeConfig;
  /** Values of variables from the command line: they win over all providers. */
  readonly variables: ReadonlyMap<string, string>;
  /** Of the process, for `SPIN_VARIABLE_*`. */
  readonly processEnvironment: Readonly<Record<string, string | undefined>>;
  onWarning(message: string): void;
}

/** The parts of a context that WASI does not know. */
/** What services add (guest-service.ts). */
type ServiceScope = "redis" | "mqtt" | "mysql" | "postgres" | "llm";

/**
 * What the components of one app share besides WASI: variables and their providers, stores,
 * databases, connections to servers.
 */
export class AppServices implements AsyncDisposable {
  /** The app with its variables resolved where they are fixed for as long as it runs. */
  readonly app: App;
  readonly #stores: AppStores;
  readonly #resolver: VariableResolver;
  readonly #options: GuestServiceOptions;
  readonly #services = new Map<GuestServiceGroup, GuestService>();

  private constructor(
    app: App,
    parts: { readonly stores: AppStores; readonly resolver: VariableResolver },
    options: GuestServiceOptions,
  ) {
    this.app = app;
    this.#stores = parts.stores;
    this.#resolver = parts.resolver;
    this.#options = options;
  }

  /**
   * Rejects with WhorlError `manifest` when a component names a store that is not configured or a
   * required variable has no value.
   */
  static async open(app: App, options: ServiceOptions, outside: Outside): Promise<AppServices> {
    const { runtimeConfig, variables, processEnvironment } = options;
    const warn = (message: string): void => options.onWarning(message);
    await using stack = new AsyncDisposableStack();
    const stores = stack.use(new AppStores(runtimeConfig, warn));
    stores.checkLabels(app.components.values());
    const providers = [
      new StaticProvider(variables),
      ...runtimeConfig.variableProviders.map((each) =>
        openVariableProvider(each, processEnvironment),
      ),
    ];
    const resolver = new VariableResolver(app.variables, providers, warn);
    await resolver.checkRequired();
    const resolved = await resolveApp(app, resolver);
    stack.move();
    const { network, http } = outside;
    const dispatcher = http.dispatcher(undefined);
    const services = { network, dispatcher, runtimeConfig, onWarning: warn };
    return new AppServices(resolved, { stores, resolver }, services);
  }

  /** Opens the services of these interfaces, each once. Names are as imported. */
  async require(interfaceNames: Iterable<string>): Promise<void> {
    const names = new Set([...interfaceNames].map((name) => parseInterfaceName(name).name));
    for (const group of guestServiceGroups) {
      if (this.#services.has(group) || !group.interfaces.some((name) => names.has(name))) continue;
      this.#services.set(group, await group.open(this.#options));
    }
  }

  /** Everything that components may import, of the services that were required. */
  get interfaces(): readonly HostInterface<GuestContext>[] {
    const opened = [...this.#services.values()].flatMap((service) => service.interfaces);
    return [...guestInterfaces, ...opened];
  }

  /**
   * Makes what each instance of a component has of its own: call the result for each instance.
   * Throws WhorlError `manifest` for a template that is none.
   */
  contexts(
    component: AppComponent,
  ): (holder: InvocationHolder | undefined, wasi: WasiContext) => GuestContext {
    const newStores = this.#stores.scopes(component);
    const variables = this.#resolver.forComponent(component.id, component.variables);
    const refusals = new Refusals(component.id, this.#options.onWarning);
    const outbound = refusals.hosts(compileOutboundHosts(component.allowedOutboundHosts));
    const services = [...this.#services.values()];
    return (telemetry, wasi) => {
      const { keyValue, sqlite } = newStores();
      // One literal: made for every request, and copying objects costs more than making them.
      const context: Omit<GuestContext, ServiceScope> = {
        cli: wasi.cli,
        clocks: wasi.clocks,
        random: wasi.random,
        filesystem: wasi.filesystem,
        sockets: wasi.sockets,
        http: wasi.http,
        keyValue,
        sqlite,
        variables,
        outbound,
        otel: new OtelContext(telemetry?.current),
        telemetry,
      };
      for (const service of services) Object.assign(context, service.newScope(component));
      // What is not there belongs to interfaces that the component does not import.
      return context as GuestContext;
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const services = [...this.#services.values()];
    await Promise.all(services.map((service) => service[Symbol.asyncDispose]()));
    await this.#stores[Symbol.asyncDispose]();
  }
}

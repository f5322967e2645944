import type { App, AppComponent } from "../app/app.ts";
import { AppStores } from "../app/app-stores.ts";
import { resolveApp } from "../app/resolve-app.ts";
import type { RuntimeConfig } from "../app/runtime-config.ts";
import { VariableResolver } from "../app/variable-resolver.ts";
import { openVariableProvider } from "../spin/variables/open-provider.ts";
import { StaticProvider } from "../spin/variables/static-provider.ts";
import { OtelContext } from "../spin/wasi-otel/otel-scope.ts";
import type { WasiContext } from "../wasi/context.ts";
import type { GuestContext } from "./guest-context.ts";

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
type SpinContext = Omit<GuestContext, keyof WasiContext>;

/**
 * What the components of one app share besides WASI: variables and their providers, stores,
 * databases.
 */
export class AppServices implements AsyncDisposable {
  /** The app with its variables resolved where they are fixed for as long as it runs. */
  readonly app: App;
  readonly #stores: AppStores;
  readonly #resolver: VariableResolver;

  private constructor(app: App, stores: AppStores, resolver: VariableResolver) {
    this.app = app;
    this.#stores = stores;
    this.#resolver = resolver;
  }

  /**
   * Rejects with WhorlError `manifest` when a component names a store that is not configured or a
   * required variable has no value.
   */
  static async open(app: App, options: ServiceOptions): Promise<AppServices> {
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
    return new AppServices(resolved, stores, resolver);
  }

  /**
   * Makes what each instance of a component has of its own: call the result for each instance.
   * Throws WhorlError `manifest` for a template that is none.
   */
  contexts(component: AppComponent): () => SpinContext {
    const newScopes = this.#stores.scopes(component);
    const variables = this.#resolver.forComponent(component.id, component.variables);
    return () => ({ ...newScopes(), variables, otel: new OtelContext() });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stores[Symbol.asyncDispose]();
  }
}

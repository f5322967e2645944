import { mkdtemp, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { App, AppComponent } from "../app/app.ts";
import { prepareMounts } from "../app/prepare-mounts.ts";
import { errorText, WhorlError } from "../error.ts";
import { Linker } from "../instance/linker.ts";
import { limits } from "../limits.ts";
import { prepareComponent } from "../prepare/prepare.ts";
import type { WasiContext } from "../wasi/context.ts";
import type { HttpExecutor } from "../wasi/http/exchange.ts";
import { outboundAgent } from "../wasi/http/outbound-agent.ts";
import { wasiInterfaces } from "../wasi/all-interfaces.ts";
import { ChainingDispatcher } from "./chaining/chaining-dispatcher.ts";
import { componentContext, type ComponentSurroundings } from "./component-context.ts";
import { httpHandlerExport } from "./handler-export.ts";
import { serveHttp } from "./http/server.ts";
import type { RunningApp, StartOptions } from "./running-app.ts";
import { WasiHttpExecutor } from "./wasi-http-executor.ts";

/**
 * Loads every component that a trigger names, then listens. Throws WhorlError before it listens
 * when a component cannot be served; nothing is left running then.
 */
export async function startApp(app: App, options: StartOptions): Promise<RunningApp> {
  await using stack = new AsyncDisposableStack();
  const agent = outboundAgent({ isAddressAllowed: () => true });
  stack.defer(() => agent.destroy());
  const self: { origin?: string } = {};
  const linker = new Linker(wasiInterfaces);
  const executors = new Map<string, HttpExecutor>();
  const dispatcher = new ChainingDispatcher(agent, (id) => executors.get(id));
  for (const component of servedComponents(app)) {
    const mounts = stack.use(await prepareMounts(component, makeTempDirectory));
    const surroundings: ComponentSurroundings = {
      preopens: mounts.preopens,
      environment: options.environment,
      dispatcher: () => dispatcher,
      selfOrigin: () => self.origin,
      onGuestLine: (stream, line) => options.onGuestLine(component.id, stream, line),
    };
    executors.set(component.id, await loadComponent(component, linker, surroundings));
  }
  const server = await serveHttp({
    app,
    triggers: app.httpTriggers,
    executors,
    listen: options.listen,
    tls: options.tls && (await readTlsFiles(options.tls)),
    log: { warn: options.onWarning, error: options.onError },
  });
  self.origin = server.address.url;
  const owned = stack.move();
  return {
    url: server.address.url,
    async close(signal) {
      await server.close(signal === undefined ? {} : { signal });
      await owned.disposeAsync();
    },
  };
}

function servedComponents(app: App): AppComponent[] {
  const ids = new Set(
    app.httpTriggers.flatMap(({ target }) =>
      target.kind === "component" ? [target.component] : [],
    ),
  );
  return [...app.components.values()].filter((component) => ids.has(component.id));
}

async function loadComponent(
  component: AppComponent,
  linker: Linker<WasiContext>,
  surroundings: ComponentSurroundings,
): Promise<HttpExecutor> {
  try {
    const prepared = await prepareComponent(await readComponent(component.sourcePath));
    const handler = httpHandlerExport(prepared);
    const linked = linker.link(prepared);
    const newContext = componentContext(component, surroundings);
    return new WasiHttpExecutor({ linked, handler, newContext });
  } catch (error) {
    const code = error instanceof WhorlError ? error.code : "invalid";
    throw new WhorlError(
      code,
      `component "${component.id}" (${component.sourceOrigin}): ${errorText(error)}`,
      { cause: error },
    );
  }
}

async function readTlsFiles(
  files: NonNullable<StartOptions["tls"]>,
): Promise<{ readonly cert: Buffer; readonly key: Buffer }> {
  const [cert, key] = await Promise.all(
    [files.certFile, files.keyFile].map(async (path) => {
      try {
        return await readFile(path);
      } catch (error) {
        throw new WhorlError("file", `cannot read ${path}: ${errorText(error)}`, { cause: error });
      }
    }),
  );
  return { cert: cert ?? Buffer.alloc(0), key: key ?? Buffer.alloc(0) };
}

async function readComponent(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { size } = await stat(path);
    if (size > limits.componentBytesMax) {
      throw new WhorlError(
        "limit",
        `${path} has ${size} bytes, more than the limit of ${limits.componentBytesMax}`,
      );
    }
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (error instanceof WhorlError) throw error;
    throw new WhorlError("file", `cannot read ${path}: ${errorText(error)}`, { cause: error });
  }
}

function makeTempDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), "whorl-"));
}

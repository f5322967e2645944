import type { App, AppComponent } from "../../app/app.ts";
import type { HttpExecutor } from "./http-executor.ts";
import { httpHandlerExport } from "../handler-export.ts";
import { componentError } from "../load-components.ts";
import type { Callee, LoadedComponent } from "../loaded-component.ts";
import { executorKey } from "./executor-key.ts";
import type { ComponentTarget } from "./executor-key.ts";
import { InboundHttpExecutor } from "./inbound-http-executor.ts";
import { isolated } from "./reused-instances.ts";
import type { ReuseLimits } from "./reused-instances.ts";
import { WagiExecutor } from "./wagi-executor.ts";
import { WasiHttp03Executor } from "./wasi-http-03-executor.ts";
import { WasiHttpExecutor } from "./wasi-http-executor.ts";

/**
 * What answers each HTTP trigger: one executor for each component, in the way in which it exports
 * a handler, and one for each trigger that runs a WAGI program. Throws `no_handler` with the
 * component's name.
 */
export function httpExecutors(
  app: App,
  components: ReadonlyMap<string, LoadedComponent>,
  reuse: ReuseLimits,
): ReadonlyMap<string, HttpExecutor> {
  const executors = new Map<string, HttpExecutor>();
  for (const { target } of app.httpTriggers) {
    if (target.kind === "static") continue;
    const key = executorKey(target);
    const loaded = components.get(target.component);
    const declared = app.components.get(target.component);
    if (executors.has(key) || loaded === undefined || declared === undefined) continue;
    executors.set(key, executor(target, declared, { loaded, reuse }));
  }
  return executors;
}

function executor(
  { wagi }: ComponentTarget,
  declared: AppComponent,
  { loaded, reuse }: { readonly loaded: Callee; readonly reuse: ReuseLimits },
): HttpExecutor {
  try {
    if (wagi !== undefined) return new WagiExecutor(loaded, wagi.argv);
    return handlerExecutor(loaded, reuse);
  } catch (error) {
    throw componentError(declared, error);
  }
}

/** What calls the HTTP handler that a component exports. Throws `no_handler`. */
export function handlerExecutor(callee: Callee, reuse: ReuseLimits): HttpExecutor {
  const handler = httpHandlerExport(callee.linked.plan);
  switch (handler.candidate.kind) {
    case "wasi-http-0.2":
      return new WasiHttpExecutor(callee, handler);
    case "inbound-http":
      return new InboundHttpExecutor(callee, handler);
    case "wasi-http-0.3": {
      // Spin reuses instances of the final version only.
      const limits = handler.name.includes("-rc") ? isolated : reuse;
      return new WasiHttp03Executor(callee, handler, limits);
    }
  }
}

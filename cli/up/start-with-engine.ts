import { join } from "node:path";
import { openEngine } from "../../runtime/trigger/engine.ts";
import { startApp } from "../../runtime/trigger/start-app.ts";
import { prepareVersion } from "./prepare-version.ts";
import type { StartApp } from "./up.ts";

/** Starts apps of a process that serves one: the engine ends with it. `version` is Whorl's. */
export function startWithEngine(version: string): StartApp {
  return async (app, { cacheDirectory, limits, ...options }) => {
    using stack = new DisposableStack();
    const engine = stack.use(
      openEngine({
        cacheDirectory: cacheDirectory && join(cacheDirectory, "prepared"),
        version: prepareVersion(version),
        limits,
        runsUnbounded: Object.keys(limits ?? {}).length === 0,
        onWarning: (message) => options.onWarning(message),
      }),
    );
    const running = await startApp(app, { ...options, engine });
    const owned = stack.move();
    return {
      url: running.url,
      exited: running.exited,
      reload: (next) => running.reload(next),
      async close(signal) {
        await running.close(signal);
        await engine.cache?.settled();
        owned.dispose();
      },
    };
  };
}

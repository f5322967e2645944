/** `whorl up` with nothing that could ever be looked at: `up-without-telemetry.ts FILE PORT`. */
import { startWithEngine } from "../../cli/up/start-with-engine.ts";
import { loadApp } from "../../runtime/app/load-app.ts";
import { whorlVersion } from "./report.ts";

const [file = "", port] = process.argv.slice(2);
await startWithEngine(whorlVersion())(await loadApp(file), {
  listen: { host: "127.0.0.1", port: Number(port) },
  environment: [],
  cacheDirectory: undefined,
  onGuestLine: () => undefined,
  onWarning: () => undefined,
  onError: () => undefined,
});

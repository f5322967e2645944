/** The front process; `bin/containerd-shim-whorl-v1` starts it with its folders as arguments. */
import pino from "pino";
import { Front } from "./front/front.ts";
import { errorText } from "./error.ts";

const [runFolder = "/run/whorl", cacheFolder = "/var/lib/whorl"] = process.argv.slice(2);
const logger = pino({ base: { pid: process.pid } }, pino.destination({ fd: 2, sync: true }));

const front = await Front.start({
  runFolder,
  cacheFolder,
  path: process.env["PATH"] ?? "",
  log: (message) => logger.warn(message),
  nowMs: () => Date.now(),
});
if (front === undefined) logger.info(`another front serves in ${runFolder}`);
else keepServing(front);

function keepServing(started: Front): void {
  logger.info(`front serves in ${runFolder}`);
  // A mistake in the handling of one container must not take the others with it.
  process.on("uncaughtException", (error) => logger.error(error));
  process.on("unhandledRejection", (error) => logger.error(errorText(error)));
  // A session that ends is none of its business.
  process.on("SIGHUP", () => undefined);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      void started[Symbol.asyncDispose]().finally(() => process.exit(0));
    });
  }
}

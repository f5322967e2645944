/**
 * The front process; `bin/containerd-shim-whorl-v1` starts it with its folders as arguments, and an
 * earlier front that becomes this one adds the descriptor of its state.
 */
import pino from "pino";
import { Front, type FrontOptions } from "./front/front.ts";
import {
  becomeProgram,
  checkAnswer,
  checkArgument,
  type FrontState,
  takeFrontState,
} from "./front/hand-over.ts";
import { nodeIsolation } from "./front/isolation.ts";
import { processCalls } from "./front/process-calls.ts";
import { errorText } from "./error.ts";
import { programFile } from "./programs.ts";

const [runFolder = "/run/whorl", cacheFolder = "/var/lib/whorl", stateDescriptor] =
  process.argv.slice(2);
const destination = pino.destination({ fd: 2, sync: true });
// A disk that is full must not end it: it goes on without a log.
destination.on("error", () => undefined);
const logger = pino({ base: { pid: process.pid } }, destination);

if (runFolder === checkArgument) process.stdout.write(checkAnswer);
else await run();

async function run(): Promise<void> {
  const options = {
    runFolder,
    cacheFolder,
    program: { node: process.execPath, program: programFile("front") },
    isolation: nodeIsolation(process.env["WHORL_ISOLATION"]),
    path: process.env["PATH"] ?? "",
    log: (message: string) => logger.warn(message),
    nowMs: () => Date.now(),
  };
  const front =
    stateDescriptor === undefined
      ? await Front.start(options)
      : await goOn(options, stateDescriptor);
  if (front === undefined) logger.info(`another front serves in ${runFolder}`);
  else keepServing(front);
}

async function goOn(options: FrontOptions, descriptor: string): Promise<Front> {
  const state = takeFrontState(descriptor);
  try {
    return await Front.adopt(options, state);
  } catch (error) {
    const failure = `${options.program.program} cannot go on: ${errorText(error)}`;
    logger.error(error, failure);
    return goBack({ ...state, failure }, state.failure);
  }
}

/** Only once: where the previous program cannot go on either, everything ends. */
function goBack(state: FrontState, earlierFailure: string | undefined): never {
  if (earlierFailure === undefined) {
    becomeProgram(state.previous, [runFolder, cacheFolder], { state, calls: processCalls() });
  }
  process.exit(1);
}

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

/** `whorl up` where nobody could ever look: `up-without-telemetry.ts FILE PORT`. */
import { createCaptureIo } from "../../cli/capture-io.ts";
import { runProgram } from "../../cli/program.ts";
import { startWithEngine } from "../../cli/up/start-with-engine.ts";
import { whorlVersion } from "./report.ts";

const [file = "", port = ""] = process.argv.slice(2);
const version = whorlVersion();
await runProgram(["up", file, "--quiet", "--listen", `127.0.0.1:${port}`], {
  io: createCaptureIo(),
  version,
  // oxlint-disable-next-line node/no-process-env -- as the program itself has it
  environment: process.env,
  directory: process.cwd(),
  startApp: startWithEngine(version),
  prompt: undefined,
  machine: undefined,
});

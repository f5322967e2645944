/**
 * `delete` for a container that was not deleted in the ordinary way: its connection was lost, or
 * the front is gone. Arguments: the front's folder and the bundle; prints a DeleteResponse.
 */
import { errorText } from "./error.ts";
import { cleanUp } from "./front/clean-up.ts";

const [runFolder = "/run/whorl", bundle = "."] = process.argv.slice(2);
const warn = (message: string): void => void process.stderr.write(`whorl: ${message}\n`);
try {
  process.stdout.write(await cleanUp(runFolder, bundle, warn));
} catch (error) {
  warn(errorText(error));
  process.exitCode = 1;
}

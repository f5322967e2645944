/**
 * `upgrade`: the front of this version takes over from the running one, without ending a pod.
 * Argument: the front's folder. Without a running front there is nothing to do.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { errorText, ShimError } from "./error.ts";
import { frontService, type HandOverAnswer } from "./front/front-service.ts";
import { shimLimits } from "./limits.ts";
import { programFile } from "./programs.ts";
import { TtrpcClient } from "./ttrpc/client.ts";

const [runFolder = "/run/whorl"] = process.argv.slice(2);
const retryMs = 1000;

try {
  const { version, pid } = await upgrade(performance.now() + shimLimits.upgradeMsMax);
  process.stdout.write(`front ${version} serves in ${runFolder} (process ${pid})\n`);
} catch (error) {
  process.stderr.write(`whorl: the front was not upgraded: ${errorText(error)}\n`);
  process.exitCode = 1;
}

/** Tries again as long as the front has too much to do. */
async function upgrade(deadline: number): Promise<HandOverAnswer> {
  using front = await TtrpcClient.connect(join(runFolder, "front.sock"));
  for (;;) {
    try {
      return await handOver(front);
    } catch (error) {
      const isBusy = error instanceof ShimError && error.code === "unavailable";
      if (!isBusy || front.closed.aborted || performance.now() > deadline) throw error;
      await delay(retryMs);
    }
  }
}

async function handOver(front: TtrpcClient): Promise<HandOverAnswer> {
  const program = { node: process.execPath, program: programFile("front") };
  const answer = await front.call({
    service: frontService.name,
    method: frontService.handOver,
    payload: Buffer.from(JSON.stringify(program)),
  });
  return JSON.parse(Buffer.from(answer).toString()) as HandOverAnswer;
}

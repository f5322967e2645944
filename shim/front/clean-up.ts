import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { whorl } from "../../proto/gen/wire.js";
import { errorText } from "../error.ts";
import { shimLimits } from "../limits.ts";
import { TtrpcClient } from "../ttrpc/client.ts";
import { readBounded, readStartRecord, startFiles, type StartRecord } from "./bundle.ts";
import { openCgroup } from "./cgroup.ts";
import { parseContainerSpec } from "./container-spec.ts";
import { toTimestamp } from "./event-publisher.ts";
import { frontService } from "./front-service.ts";
import { deleteWithStock, StockShim } from "./stock-shim.ts";

const { task: wire } = whorl;

/** What a container that was lost is said to have ended with: as if it had been killed. */
const lostStatus = 137;

/**
 * Frees what a lost container still holds, with or without a living front, so that nothing is left
 * of it: processes, cgroup, the stock shim of its pod. Gives its DeleteResponse.
 */
export async function cleanUp(
  runFolder: string,
  bundle: string,
  warn: (message: string) => void,
): Promise<Uint8Array> {
  const record = readStartRecord(bundle);
  await forgetInFront(runFolder, record).catch((error: unknown) => {
    // Usually the reason why we are here.
    warn(`${record.id}: the front does not answer: ${errorText(error)}`);
  });
  const answer = existsSync(join(bundle, "whorl.stock"))
    ? await deleteOrdinary(bundle, record, warn)
    : await deleteWasm(bundle);
  rmSync(join(bundle, startFiles.record), { force: true });
  return answer;
}

async function forgetInFront(runFolder: string, record: StartRecord): Promise<void> {
  using front = await TtrpcClient.connect(join(runFolder, "front.sock"));
  await front.call({
    service: frontService.name,
    method: frontService.forget,
    payload: wire.TaskRequest.encode({ id: record.id }).finish(),
    ...callOptions(record),
  });
}

async function deleteWasm(bundle: string): Promise<Uint8Array> {
  // A pod's own bundle has none, and its process ends with the front.
  if (existsSync(join(bundle, "config.json"))) {
    const config = readBounded(join(bundle, "config.json"), shimLimits.configBytesMax);
    const { cgroupPath } = parseContainerSpec(config);
    if (cgroupPath !== undefined) await openCgroup(cgroupPath).remove();
  }
  const exitedAt = toTimestamp(Date.now());
  return wire.DeleteResponse.encode({ exitStatus: lostStatus, exitedAt }).finish();
}

/**
 * The stock shim lives on without its front. It is asked as containerd would, so that it ends when
 * the last container of its pod is gone; where it is dead too, its own `delete` does the work.
 */
async function deleteOrdinary(
  bundle: string,
  record: StartRecord,
  warn: (message: string) => void,
): Promise<Uint8Array> {
  try {
    using shim = await StockShim.find(bundle);
    if (shim === undefined) return await deleteWithStock(bundle, record);
    const { id } = record;
    const call = async (method: string, payload: Uint8Array): Promise<Uint8Array> =>
      (await shim.forward({ method, payload, ...callOptions(record) })).payload;
    await call("Kill", wire.KillRequest.encode({ id, signal: 9, all: true }).finish());
    await call("Wait", wire.TaskRequest.encode({ id }).finish());
    const answer = await call("Delete", wire.TaskRequest.encode({ id }).finish());
    await call("Shutdown", wire.ShutdownRequest.encode({ id }).finish()).catch(() => undefined);
    return answer;
  } catch (error) {
    warn(`${record.id}: its shim does not answer: ${errorText(error)}`);
    return deleteWithStock(bundle, record);
  }
}

function callOptions({ namespace }: StartRecord): {
  metadata: { key: string; value: string }[];
  timeoutNano: number;
} {
  const timeoutNano = shimLimits.stockMsMax * 1e6;
  return { metadata: [{ key: "containerd-namespace-ttrpc", value: namespace }], timeoutNano };
}

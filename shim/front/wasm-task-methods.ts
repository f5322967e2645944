import { whorl } from "../../proto/gen/wire.js";
import { ShimError } from "../error.ts";
import { parseResources } from "./container-spec.ts";
import { toTimestamp } from "./event-publisher.ts";
import type { TaskState } from "./task-state.ts";
import { exitOf, type WasmTask } from "./wasm-task.ts";

const { task: wire } = whorl;

type Method = (task: WasmTask, payload: Uint8Array) => Promise<Uint8Array>;

const empty = new Uint8Array();

/** The task service for Wasm containers; what is missing here they cannot do. */
export const wasmTaskMethods: ReadonlyMap<string, Method> = new Map<string, Method>([
  [
    "Start",
    async (task, payload) => {
      refuseExec(payload);
      await task.apply({ kind: "start" });
      return wire.StartResponse.encode({ pid: task.pid }).finish();
    },
  ],
  ["State", async (task, payload) => stateOf(task, payload)],
  [
    "Kill",
    async (task, payload) => {
      refuseExec(payload);
      const { signal } = wire.KillRequest.decode(payload);
      await task.apply({ kind: "kill", signal });
      return empty;
    },
  ],
  [
    "Wait",
    async (task, payload) => {
      refuseExec(payload);
      const { status, atMs } = await task.exited;
      const exitedAt = toTimestamp(atMs);
      return wire.WaitResponse.encode({ exitStatus: status, exitedAt }).finish();
    },
  ],
  [
    "Delete",
    async (task, payload) => {
      refuseExec(payload);
      await task.apply({ kind: "delete" });
      const exit = exitOf(task.state);
      const exitedAt = toTimestamp(exit?.atMs ?? 0);
      const exitStatus = exit?.status ?? 0;
      return wire.DeleteResponse.encode({ pid: task.pid, exitStatus, exitedAt }).finish();
    },
  ],
  ["Pause", (task) => applied(task, "pause")],
  ["Resume", (task) => applied(task, "resume")],
  [
    "Update",
    async (task, payload) => {
      const { resources } = wire.UpdateTaskRequest.decode(payload);
      task.update(parseResources(jsonOf(resources?.value ?? empty)));
      return empty;
    },
  ],
  [
    "Stats",
    async (task) => {
      const stats = await task.stats();
      return wire.StatsResponse.encode(stats === undefined ? {} : { stats }).finish();
    },
  ],
  [
    "Pids",
    async (task) => {
      const processes = task.pids().map((pid) => ({ pid }));
      return wire.PidsResponse.encode({ processes }).finish();
    },
  ],
  [
    "Connect",
    async (task) => {
      const { pid } = task;
      return wire.ConnectResponse.encode({ shimPid: process.pid, taskPid: pid }).finish();
    },
  ],
  // There is no standard input that could be closed, and the front outlives its containers.
  ["CloseIO", async () => empty],
  ["Shutdown", async () => empty],
]);

async function applied(task: WasmTask, kind: "pause" | "resume"): Promise<Uint8Array> {
  await task.apply({ kind });
  return empty;
}

function refuseExec(payload: Uint8Array): void {
  const { execId } = wire.ProcessRequest.decode(payload);
  if (execId !== "") throw new ShimError("not_found", `there is no process ${execId}`);
}

function stateOf(task: WasmTask, payload: Uint8Array): Uint8Array {
  refuseExec(payload);
  const { record, bundle, stdin, stdout, stderr, isTerminal } = task.options;
  const exit = exitOf(task.state);
  return wire.StateResponse.encode({
    id: record.id,
    bundle,
    pid: task.pid,
    status: wireStatus[task.state.kind],
    stdin,
    stdout,
    stderr,
    terminal: isTerminal,
    ...(exit && { exitStatus: exit.status, exitedAt: toTimestamp(exit.atMs) }),
  }).finish();
}

const wireStatus: Readonly<Record<TaskState["kind"], number>> = {
  created: 1,
  running: 2,
  stopped: 3,
  paused: 4,
  deleted: 3,
};

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch (error) {
    throw new ShimError("invalid_argument", "the resources are not JSON", { cause: error });
  }
}

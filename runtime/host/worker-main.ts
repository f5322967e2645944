/** The code of a worker thread: started by the doorman, never by a person. */
import { parentPort, workerData } from "node:worker_threads";
import { GuestWorker } from "./guest-worker.ts";
import type { WorkerSettings } from "./protocol.ts";

if (parentPort !== null) {
  const worker = new GuestWorker(parentPort, workerData as WorkerSettings);
  // A mistake in one request must not end the others of its thread.
  process.on("uncaughtException", (error) => worker.survive(error));
}

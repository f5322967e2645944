import { closeSync, fstatSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { whorl } from "../../proto/gen/wire.js";
import { errorText, ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";

/** What `start` has written into the bundle: how containerd called it. */
export interface StartRecord {
  readonly namespace: string;
  readonly id: string;
  /** containerd's gRPC socket. */
  readonly address: string;
  /** The containerd binary. */
  readonly publishBinary: string;
  readonly debug: boolean;
  /** containerd's ttrpc socket, which takes events. */
  readonly ttrpcAddress: string;
  /** PATH of containerd, where the stock shim is looked for. */
  readonly path: string;
  /** Bundle of the pod, for a container that joined its connection: no `start` was run for it. */
  readonly pod?: string;
}

/** Names of the files that `start` leaves in a bundle. */
export const startFiles = { record: "whorl.start", input: "whorl.stdin" } as const;

/** Name of the file that the front leaves in a Wasm container's bundle. */
const wasmFile = "whorl.wasm";

/**
 * Writes down what a Wasm container can leave behind if its front ends before it: `delete` needs
 * nothing else then, in particular no Node.
 * @param front process id and start time of the front, as in its front.pid
 */
export function writeWasmRecord(
  bundle: string,
  front: string,
  cgroupFolders: readonly string[],
): void {
  const lines = [front, ...cgroupFolders].map((line) => `${line}\n`);
  writeFileSync(join(bundle, wasmFile), lines.join(""));
}

/** Reads what `start` has written. Throws `failed_precondition` if it is not there, or not complete. */
export function readStartRecord(bundle: string): StartRecord {
  const path = join(bundle, startFiles.record);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const reason = `${path} cannot be read: was this container started by another shim?`;
    throw new ShimError("failed_precondition", reason, { cause: error });
  }
  const record = parseStartRecord(text);
  if (record.id !== "") return record;
  throw new ShimError("failed_precondition", `${path} is not complete: is the disk full?`);
}

/** Lines of `key=value`; keys that are missing are empty. */
export function parseStartRecord(text: string): StartRecord {
  const values = new Map(
    text.split("\n").flatMap((line): [string, string][] => {
      const at = line.indexOf("=");
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
  const value = (key: string): string => values.get(key) ?? "";
  return {
    namespace: value("namespace"),
    id: value("id"),
    address: value("address"),
    publishBinary: value("publish"),
    debug: value("debug") !== "",
    ttrpcAddress: value("ttrpc"),
    path: value("path"),
    ...(values.has("pod") && { pod: value("pod") }),
  };
}

/** As `start` writes it. */
export function formatStartRecord(record: StartRecord): string {
  const { namespace, id, address, publishBinary, debug, ttrpcAddress, path, pod } = record;
  const lines = [
    ...[`namespace=${namespace}`, `id=${id}`, `address=${address}`, `publish=${publishBinary}`],
    ...[`debug=${debug ? "1" : ""}`, `ttrpc=${ttrpcAddress}`, `path=${path}`],
    ...(pod === undefined ? [] : [`pod=${pod}`]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * A file that is expected to be small.
 * @throws ShimError `resource_exhausted` above the limit, `not_found` if it cannot be read
 */
export function readBounded(path: string, bytesMax: number): Buffer {
  try {
    const fd = openSync(path, "r");
    try {
      const { size } = fstatSync(fd);
      if (size > bytesMax) {
        const text = `${path} has ${size} bytes, more than the limit of ${bytesMax}`;
        throw new ShimError("resource_exhausted", text);
      }
      const buffer = Buffer.allocUnsafe(size);
      return buffer.subarray(0, readSync(fd, buffer));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof ShimError) throw error;
    const text = `${path} cannot be read: ${errorText(error)}`;
    throw new ShimError("not_found", text, { cause: error });
  }
}

/**
 * What containerd gave `start` on its standard input; for a container that joined its pod what it
 * gave that of the pod, under the container's own name.
 */
export function readStartInput(bundle: string, { id, pod }: StartRecord): Buffer {
  const input = readBounded(join(pod ?? bundle, startFiles.input), shimLimits.startInputBytesMax);
  if (pod === undefined) return input;
  // Of a field that comes twice the last one counts.
  const name = whorl.bootstrap.BootstrapParams.encode({ instanceId: id }).finish();
  return Buffer.concat([input, name]);
}

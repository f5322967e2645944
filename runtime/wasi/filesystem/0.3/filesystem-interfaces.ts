import { fstatSync } from "node:fs";
import { err, ok } from "../../../instance/host-interface.ts";
import type { HostFunction, HostInterface, Result } from "../../../instance/host-interface.ts";
import { final03 } from "../../release-candidate.ts";
import type { WasiContext } from "../../context.ts";
import type { Descriptor } from "../descriptor.ts";
import * as files from "../file-operations.ts";
import { pathFunctions } from "../path-functions.ts";
import * as paths from "../path-operations.ts";
import { preopens } from "../preopens.ts";
import { appendViaStream, readDirectory, readViaStream, writeViaStream } from "./streams.ts";
import { descriptorStat03, descriptorType03, errorCode03Of } from "./values.ts";
import type { DescriptorStat03, DescriptorType03, ErrorCode03 } from "./values.ts";

function getType(context: WasiContext, descriptor: Descriptor): DescriptorType03 {
  return descriptorType03(files.getType(context, descriptor));
}

function stat(_context: WasiContext, descriptor: Descriptor): DescriptorStat03 {
  return descriptorStat03(fstatSync(descriptor.fd, { bigint: true }));
}

function statAt(
  _context: WasiContext,
  base: Descriptor,
  flags: paths.PathFlags,
  path: string,
): DescriptorStat03 {
  return descriptorStat03(paths.lstatAt(base, flags, path));
}

/** wasi:filesystem/types@0.3; as in 0.2, except where values and streams look different. */
const types03: HostInterface<WasiContext> = {
  name: "wasi:filesystem/types",
  version: final03,
  functions: {
    ...pathFunctions(answering),
    "[method]descriptor.read-via-stream": readViaStream,
    "[method]descriptor.write-via-stream": writeViaStream,
    "[method]descriptor.append-via-stream": appendViaStream,
    "[method]descriptor.sync-data": synchronizing(files.syncData),
    "[method]descriptor.get-type": answering(getType),
    "[method]descriptor.read-directory": readDirectory,
    "[method]descriptor.sync": synchronizing(files.sync),
    "[method]descriptor.stat": answering(stat),
    "[method]descriptor.stat-at": answering(statAt),
  },
  suspending: new Set(),
  resources: {
    descriptor: { drop: (_context, descriptor) => (descriptor as Descriptor).dispose() },
  },
};

/** wasi:filesystem@0.3. */
export const filesystemInterfaces03: readonly HostInterface<WasiContext>[] = [
  types03,
  { ...preopens, version: final03 },
];

/** The function with its errors as `err(error-code)`; anything else that it throws is a trap. */
function answering<P extends readonly unknown[], T>(
  operation: (context: WasiContext, ...values: P) => T,
): HostFunction<WasiContext> {
  return (context: WasiContext, ...values: P): Result<T, ErrorCode03> => {
    try {
      return ok(operation(context, ...values));
    } catch (error) {
      const code = errorCode03Of(error);
      if (code === undefined) throw error;
      return err(code);
    }
  };
}

/** Their results carry the error-code of 0.2. */
function synchronizing(
  operation: typeof files.sync,
): (context: WasiContext, descriptor: Descriptor) => Promise<Result<undefined, ErrorCode03>> {
  return async (context, descriptor) => {
    const result = await operation(context, descriptor);
    if (result.tag === "ok") return result;
    const code = result.val;
    return err(
      code === "would-block" ? { tag: "other", val: code } : { tag: code, val: undefined },
    );
  };
}

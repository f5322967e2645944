import { ok, err } from "../../../instance/host-interface.ts";
import type {
  HostInterface,
  Result,
  StreamReader,
  StreamSource,
} from "../../../instance/host-interface.ts";
import { final03 } from "../../release-candidate.ts";
import type { WasiContext } from "../../context.ts";
import { inputStreamSource, writeStream } from "../../io/stream-transfer.ts";
import { StreamFailure } from "../../io/streams.ts";
import type { OutputStream } from "../../io/streams.ts";
import type { CliErrorCode } from "./error-code.ts";

type Outcome = Result<undefined, CliErrorCode>;

function readStdin({ cli }: WasiContext): [StreamSource<Uint8Array>, Promise<Outcome>] {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const source = inputStreamSource(cli.stdin(), (failure) => {
    resolve(failure === undefined ? ok(undefined) : err("io"));
  });
  return [source, promise];
}

async function write(data: StreamReader<Uint8Array>, output: OutputStream): Promise<Outcome> {
  try {
    await writeStream(data, output);
    output.flush();
    return ok(undefined);
  } catch (error) {
    if (!(error instanceof StreamFailure)) throw error;
    return err(error.error.tag === "closed" ? "pipe" : "io");
  } finally {
    output.dispose();
  }
}

/** wasi:cli/stdin@0.3. */
export const stdin03: HostInterface<WasiContext> = {
  name: "wasi:cli/stdin",
  version: final03,
  functions: { "read-via-stream": readStdin },
  suspending: new Set(),
  resources: {},
};

/** wasi:cli/stdout@0.3. */
export const stdout03: HostInterface<WasiContext> = {
  name: "wasi:cli/stdout",
  version: final03,
  functions: {
    "write-via-stream": ({ cli }: WasiContext, data: StreamReader<Uint8Array>) =>
      write(data, cli.stdout()),
  },
  suspending: new Set(),
  resources: {},
};

/** wasi:cli/stderr@0.3. */
export const stderr03: HostInterface<WasiContext> = {
  name: "wasi:cli/stderr",
  version: final03,
  functions: {
    "write-via-stream": ({ cli }: WasiContext, data: StreamReader<Uint8Array>) =>
      write(data, cli.stderr()),
  },
  suspending: new Set(),
  resources: {},
};

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { whorl } from "../../proto/gen/wire.js";
import { errorText, ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import { TtrpcClient, type TtrpcResponse } from "../ttrpc/client.ts";
import type { TtrpcRequest } from "../ttrpc/server.ts";
import { readStartInput, type StartRecord } from "./bundle.ts";

/** The shim that runs ordinary containers; comes with containerd. */
const stockShimName = "containerd-shim-runc-v2";

/** Where a stock shim is to be found; kept in the bundle for those who clean up after a crash. */
export interface StockAddress {
  readonly address: string;
  /** Of the task service that it serves. */
  readonly version: number;
}

const addressFile = "whorl.stock";

/** A running stock shim, which serves all ordinary containers of one pod. */
export class StockShim implements Disposable {
  readonly address: StockAddress;
  readonly #client: TtrpcClient;
  /** We have closed the connection; the shim lives on. */
  #isLeft = false;

  private constructor(address: StockAddress, client: TtrpcClient) {
    this.address = address;
    this.#client = client;
  }

  /**
   * Removes its socket once it is gone: it cannot itself if the bundle that it was started for was
   * removed before, as that of an init container is.
   */
  #removeSocketAtEnd(): void {
    const remove = (): void => {
      if (!this.#isLeft) rmSync(socketPath(this.address), { force: true });
    };
    this.closed.addEventListener("abort", remove, { once: true });
  }

  /**
   * Starts the stock shim for a container, or finds the one of its pod: it groups by itself.
   * @throws ShimError `internal` with what the stock shim printed, `unavailable`
   */
  static async start(bundle: string, record: StartRecord): Promise<StockShim> {
    const input = readStartInput(bundle, record);
    const output = await runStock("start", privateFolder(bundle), record, input);
    const address = parseStartOutput(output);
    writeFileSync(join(bundle, addressFile), JSON.stringify(address));
    const shim = new StockShim(address, await TtrpcClient.connect(address.address));
    shim.#removeSocketAtEnd();
    return shim;
  }

  /** Connects to the stock shim that was started for this bundle; undefined if there was none. */
  static async find(bundle: string): Promise<StockShim | undefined> {
    const path = join(bundle, addressFile);
    if (!existsSync(path)) return undefined;
    const address = JSON.parse(readFileSync(path, "utf8")) as StockAddress;
    return new StockShim(address, await TtrpcClient.connect(address.address));
  }

  /**
   * Connects to a shim that an earlier front has started; the socket of one that is dead is removed.
   * @throws ShimError `unavailable`
   */
  static async adopt(address: StockAddress): Promise<StockShim> {
    const client = await TtrpcClient.connect(address.address).catch((error: unknown) => {
      if (isNobodyListening(error)) rmSync(socketPath(address), { force: true });
      throw error;
    });
    const shim = new StockShim(address, client);
    shim.#removeSocketAtEnd();
    return shim;
  }

  /** Says in another bundle that its container belongs to this shim. */
  record(bundle: string): void {
    writeFileSync(join(bundle, addressFile), JSON.stringify(this.address));
  }

  /** Aborts when the stock shim is gone. */
  get closed(): AbortSignal {
    return this.#client.closed;
  }

  /** Passes a request of the task service on, under the name that this stock shim serves. */
  forward(
    request: Pick<TtrpcRequest, "method" | "payload" | "metadata" | "timeoutNano">,
  ): Promise<TtrpcResponse> {
    const { method, payload, metadata, timeoutNano } = request;
    const service = `containerd.task.v${this.address.version}.Task`;
    return this.#client.forward({ service, method, payload, metadata, timeoutNano });
  }

  [Symbol.dispose](): void {
    this.#isLeft = true;
    this.#client[Symbol.dispose]();
  }
}

function socketPath({ address }: StockAddress): string {
  return address.replace(/^unix:\/\//, "");
}

/** Unlike a socket whose shim is only too busy. */
function isNobodyListening(error: unknown): boolean {
  const cause = error instanceof ShimError ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";
}

/**
 * Lets the stock shim clean up after a container whose shim is dead; gives its DeleteResponse.
 * @throws ShimError `internal`
 */
export function deleteWithStock(bundle: string, record: StartRecord): Promise<Buffer> {
  return runStock("delete", bundle, record, Buffer.alloc(0));
}

/**
 * The stock shim's own working directory. At its end it removes the socket that the file `address`
 * of its working directory names; in the bundle that would be ours.
 */
function privateFolder(bundle: string): string {
  const folder = join(bundle, "stock");
  if (existsSync(folder)) return folder;
  mkdirSync(folder, { mode: 0o700 });
  for (const name of ["config.json", "log"]) symlinkSync(join("..", name), join(folder, name));
  return folder;
}

/** Protobuf from containerd 2.3 on, JSON from 1.7 on, a plain address before. */
export function parseStartOutput(output: Uint8Array): StockAddress {
  const text = Buffer.from(output).toString().trim();
  if (text.startsWith("unix://")) return { address: text, version: 2 };
  try {
    const { address, version } = text.startsWith("{")
      ? (JSON.parse(text) as StockAddress)
      : whorl.bootstrap.BootstrapResult.decode(output);
    if (typeof address === "string" && address !== "" && Number.isSafeInteger(version)) {
      return { address, version };
    }
  } catch {
    // Answered below with what was printed.
  }
  throw new ShimError("internal", `${stockShimName} printed no address: ${text.slice(0, 1000)}`);
}

async function runStock(
  action: "start" | "delete",
  directory: string,
  record: StartRecord,
  input: Uint8Array,
): Promise<Buffer> {
  const { namespace, id, address, publishBinary, ttrpcAddress } = record;
  const args = ["-namespace", namespace, "-address", address, "-publish-binary", publishBinary];
  args.push("-id", id, ...(record.debug ? ["-debug"] : []));
  if (action === "delete") args.push("-bundle", directory);
  const child = spawn(stockShimName, [...args, action], {
    cwd: directory,
    env: {
      PATH: record.path,
      TTRPC_ADDRESS: ttrpcAddress,
      GRPC_ADDRESS: address,
      NAMESPACE: namespace,
      GOMAXPROCS: "2",
      MAX_SHIM_VERSION: "2",
    },
    stdio: ["pipe", "pipe", "pipe"],
    timeout: shimLimits.stockMsMax,
  });
  // It may end without having read its input.
  child.stdin.on("error", () => undefined).end(input);
  const [stdout, stderr, status] = await Promise.all([
    collect(child.stdout),
    collect(child.stderr),
    new Promise<number | string>((resolve) => {
      child.on("error", (error) => resolve(errorText(error)));
      child.on("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
    }),
  ]);
  if (status === 0) return stdout;
  const reason = `${stderr.toString()}${stdout.toString()}`.trim();
  throw new ShimError("internal", `${stockShimName} ${action} failed (${status}): ${reason}`);
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes <= shimLimits.stockOutputBytesMax) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

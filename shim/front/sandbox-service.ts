import { rmSync } from "node:fs";
import { arch } from "node:os";
import { join } from "node:path";
import { whorl } from "../../proto/gen/wire.js";
import { ShimError } from "../error.ts";
import { metadataOf, type TtrpcAnswer, type TtrpcRequest } from "../ttrpc/server.ts";
import type { AdoptedChildren } from "./adopted-child.ts";
import { readStartRecord, startFiles, type StartRecord } from "./bundle.ts";
import { toTimestamp } from "./event-publisher.ts";
import { SandboxHolder } from "./sandbox-holder.ts";

const { sandbox: wire } = whorl;

/** Name of the service, which containerd 2.x calls where `sandboxer = "shim"` is configured. */
export const sandboxServiceName = "containerd.runtime.sandbox.v1.Sandbox";

/** A pod from CreateSandbox to ShutdownSandbox. */
interface Sandbox {
  readonly id: string;
  readonly bundle: string;
  readonly record: StartRecord;
  readonly networkPath: string;
  readonly hostname: string;
  readonly exited: PromiseWithResolvers<number>;
  holder: SandboxHolder | undefined;
  createdAtMs: number;
  exitedAtMs: number | undefined;
}

/** A pod for another front that goes on with it. */
export interface SandboxState extends Pick<
  Sandbox,
  "id" | "bundle" | "record" | "networkPath" | "hostname" | "createdAtMs"
> {
  readonly key: string;
  readonly exitedAtMs: number | undefined;
  /** Process id. */
  readonly holder: number | undefined;
}

/** Pods that this front serves itself: no pause image, and no stock shim unless it is needed. */
export class SandboxService implements AsyncDisposable {
  readonly #nowMs: () => number;
  readonly #sandboxes = new Map<string, Sandbox>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Answers a request of the sandbox service. */
  async handle(request: TtrpcRequest): Promise<TtrpcAnswer> {
    const key = this.#key(request, wire.SandboxRequest.decode(request.payload).sandboxId);
    if (request.method === "CreateSandbox") return this.#create(key, request);
    const sandbox = this.#sandboxes.get(key);
    if (sandbox === undefined) throw new ShimError("not_found", `pod ${key} is not known`);
    switch (request.method) {
      case "StartSandbox":
        return this.#start(sandbox);
      case "Platform":
        return wire.PlatformResponse.encode({ platform: { os: "linux", architecture } }).finish();
      case "SandboxStatus":
        return status(sandbox);
      case "WaitSandbox":
        return wait(sandbox);
      case "StopSandbox":
        await sandbox.holder?.stop();
        return new Uint8Array();
      case "PingSandbox":
        return new Uint8Array();
      case "ShutdownSandbox":
        await this.#shutdown(key, sandbox);
        return new Uint8Array();
      default:
        throw new ShimError("unimplemented", `${request.method} of a pod is not possible`);
    }
  }

  /** Goes on with what {@link handOver} gave. */
  adopt(states: readonly SandboxState[], children: AdoptedChildren): void {
    for (const { key, holder, exitedAtMs, ...known } of states) {
      const sandbox: Sandbox = {
        ...known,
        exited: Promise.withResolvers<number>(),
        holder: undefined,
        exitedAtMs,
      };
      this.#sandboxes.set(key, sandbox);
      if (exitedAtMs !== undefined) sandbox.exited.resolve(exitedAtMs);
      if (holder === undefined) continue;
      const child = children.adopt({ pid: holder, channel: undefined });
      this.#hold(sandbox, SandboxHolder.adopt(child, holder));
    }
  }

  /** What another program in this process needs to go on. */
  handOver(): readonly SandboxState[] {
    return [...this.#sandboxes].map(([key, { exited: _exited, holder, ...known }]) => {
      const pid = known.exitedAtMs === undefined ? holder?.pid : undefined;
      return { ...known, key, holder: pid };
    });
  }

  /** Process id of a pod's holder; undefined if the pod is not one of ours. */
  pidOf(key: string): number | undefined {
    return this.#sandboxes.get(key)?.holder?.pid;
  }

  /** Undefined if the pod is not one of ours. */
  bundleOf(key: string): string | undefined {
    return this.#sandboxes.get(key)?.bundle;
  }

  /** Ends a pod that containerd has lost. */
  async forget(key: string): Promise<void> {
    const sandbox = this.#sandboxes.get(key);
    if (sandbox !== undefined) await this.#shutdown(key, sandbox);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { holder } of this.#sandboxes.values()) await holder?.stop();
  }

  #key(request: TtrpcRequest, id: string): string {
    return `${metadataOf(request, "containerd-namespace-ttrpc") ?? ""}/${id}`;
  }

  #create(key: string, { payload }: TtrpcRequest): Uint8Array {
    if (this.#sandboxes.has(key))
      throw new ShimError("already_exists", `pod ${key} exists already`);
    const { sandboxId, bundlePath, netnsPath, options } = wire.CreateSandboxRequest.decode(payload);
    const config = wire.PodSandboxConfig.decode(options?.value ?? new Uint8Array());
    const processes = config.linux?.securityContext?.namespaceOptions?.pid ?? sharedProcesses;
    if (processes === sharedProcesses) {
      const text = "a shared process namespace needs containerd's own pods: sandboxer = podsandbox";
      throw new ShimError("unimplemented", text);
    }
    this.#sandboxes.set(key, {
      id: sandboxId,
      bundle: bundlePath,
      record: readStartRecord(bundlePath),
      networkPath: netnsPath,
      hostname: config.hostname,
      exited: Promise.withResolvers<number>(),
      holder: undefined,
      createdAtMs: this.#nowMs(),
      exitedAtMs: undefined,
    });
    return new Uint8Array();
  }

  async #start(sandbox: Sandbox): Promise<Uint8Array> {
    const { networkPath, hostname, record } = sandbox;
    const holder = await SandboxHolder.start({ networkPath, hostname, path: record.path });
    sandbox.createdAtMs = this.#nowMs();
    this.#hold(sandbox, holder);
    const createdAt = toTimestamp(sandbox.createdAtMs);
    return wire.StartSandboxResponse.encode({ pid: holder.pid, createdAt }).finish();
  }

  #hold(sandbox: Sandbox, holder: SandboxHolder): void {
    sandbox.holder = holder;
    void holder.ended.then(() => {
      sandbox.exitedAtMs = this.#nowMs();
      sandbox.exited.resolve(sandbox.exitedAtMs);
    });
  }

  async #shutdown(key: string, sandbox: Sandbox): Promise<void> {
    await sandbox.holder?.stop();
    this.#sandboxes.delete(key);
    sandbox.exited.resolve(this.#nowMs());
    rmSync(join(sandbox.bundle, startFiles.record), { force: true });
  }
}

/** NamespaceMode POD of the container runtime interface; CONTAINER is 1, NODE is 2. */
const sharedProcesses = 0;

/** As Go names it. */
const architecture = arch() === "x64" ? "amd64" : arch();

async function wait({ exited }: Sandbox): Promise<Uint8Array> {
  const exitedAt = toTimestamp(await exited.promise);
  return wire.WaitSandboxResponse.encode({ exitStatus: 0, exitedAt }).finish();
}

function status({ id, holder, createdAtMs, exitedAtMs }: Sandbox): Uint8Array {
  const isReady = holder !== undefined && exitedAtMs === undefined;
  return wire.SandboxStatusResponse.encode({
    sandboxId: id,
    pid: holder?.pid ?? 0,
    state: isReady ? "SANDBOX_READY" : "SANDBOX_NOTREADY",
    createdAt: toTimestamp(createdAtMs),
    ...(exitedAtMs !== undefined && { exitedAt: toTimestamp(exitedAtMs) }),
  }).finish();
}

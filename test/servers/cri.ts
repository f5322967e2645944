import { fileURLToPath } from "node:url";
import {
  type ChannelCredentials,
  type Client,
  credentials,
  loadPackageDefinition,
  type ServiceError,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

/** State of a container, as the interface numbers it. */
const containerStates = ["created", "running", "exited", "unknown"] as const;

export interface ContainerStatus {
  readonly state: (typeof containerStates)[number];
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  readonly startedAt: number;
  readonly finishedAt: number;
}

export interface CriMount {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly readonly?: boolean;
}

export interface ContainerOptions {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly mounts?: readonly CriMount[];
  readonly memoryBytes?: number;
  /** Of 100000 microseconds. */
  readonly cpuQuotaUs?: number;
  readonly isReadOnly?: boolean;
  readonly user?: number;
  readonly tty?: boolean;
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

type Fields = Readonly<Record<string, unknown>>;
type Method = (
  request: Fields,
  options: { deadline: number },
  done: (error: ServiceError | null, response: Fields) => void,
) => void;

type ServiceConstructor = new (address: string, secret: ChannelCredentials) => Client;

const callMsMax = 60_000;

/** What kubelet does, over the same interface: pods and containers of one containerd. */
export class CriClient implements Disposable {
  readonly #runtime: Client;
  readonly #images: Client;

  constructor(socket: string) {
    const file = fileURLToPath(new URL("../../proto/cri.proto", import.meta.url));
    const definition = loadSync(file, { longs: Number, defaults: true });
    const root = loadPackageDefinition(definition) as unknown as {
      runtime: { v1: Record<"RuntimeService" | "ImageService", ServiceConstructor> };
    };
    const { RuntimeService, ImageService } = root.runtime.v1;
    this.#runtime = new RuntimeService(`unix:${socket}`, credentials.createInsecure());
    this.#images = new ImageService(`unix:${socket}`, credentials.createInsecure());
  }

  /** A call of the runtime service. */
  call(method: string, request: Fields): Promise<Fields> {
    return unary(this.#runtime, method, request);
  }

  /** Whether pods can use an image. */
  async hasImage(image: string): Promise<boolean> {
    const found = await unary(this.#images, "ImageStatus", { image: { image } });
    return found["image"] !== null;
  }

  /** What kubelet does for a pod whose image is not there; the image's id. */
  async pullImage(image: string): Promise<string> {
    const { imageRef } = await unary(this.#images, "PullImage", { image: { image } });
    return imageRef as string;
  }

  async containerStatus(containerId: string): Promise<ContainerStatus> {
    const { status } = await this.call("ContainerStatus", { containerId });
    const { state, exitCode, reason, message, startedAt, finishedAt } = status as Fields;
    return {
      state: containerStates[state as number] ?? "unknown",
      exitCode: exitCode as number,
      reason: reason as string,
      message: message as string,
      startedAt: startedAt as number,
      finishedAt: finishedAt as number,
    };
  }

  async execSync(containerId: string, cmd: readonly string[]): Promise<ExecResult> {
    const result = await this.call("ExecSync", { containerId, cmd, timeout: 20 });
    const text = (name: string): string => Buffer.from(result[name] as Uint8Array).toString();
    return {
      stdout: text("stdout"),
      stderr: text("stderr"),
      exitCode: result["exitCode"] as number,
    };
  }

  [Symbol.dispose](): void {
    this.#runtime.close();
    this.#images.close();
  }
}

function unary(client: Client, method: string, request: Fields): Promise<Fields> {
  const methods = client as unknown as Record<string, Method | undefined>;
  const bound = methods[method]?.bind(client);
  if (bound === undefined) throw new Error(`cri.proto has no ${method}`);
  return new Promise((resolve, reject) => {
    bound(request, { deadline: Date.now() + callMsMax }, (error, response) => {
      if (error === null) resolve(response);
      else reject(new Error(`${method}: ${error.details || error.message}`, { cause: error }));
    });
  });
}

/** What kubelet asks for unless a pod shares its process namespace. */
export const ownProcesses = { pid: 1 } as const;

/** ContainerConfig of the interface. */
export function containerConfig(options: ContainerOptions): Fields {
  const { name, image, command, args, environment = {}, mounts, memoryBytes, user } = options;
  return {
    metadata: { name },
    image: { image },
    command,
    args,
    envs: Object.entries(environment).map(([key, value]) => ({ key, value })),
    mounts,
    logPath: `${name}.log`,
    tty: options.tty,
    linux: {
      resources: {
        memoryLimitInBytes: memoryBytes,
        ...(options.cpuQuotaUs !== undefined && {
          cpuQuota: options.cpuQuotaUs,
          cpuPeriod: 100_000,
        }),
      },
      securityContext: {
        namespaceOptions: ownProcesses,
        readonlyRootfs: options.isReadOnly,
        ...(user !== undefined && { runAsUser: { value: user } }),
      },
    },
  };
}

import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import type { LiftedFunction } from "../../runtime/component/plan.ts";
import { WhorlError } from "../../runtime/error.ts";
import type { HostInterface, Result } from "../../runtime/instance/host-interface.ts";
import type { Instance } from "../../runtime/instance/instance.ts";
import {
  InstancePool,
  type InstancePoolOptions,
  type Warmth,
} from "../../runtime/instance/instance-pool.ts";
import { parseInterfaceName } from "../../runtime/instance/interface-name.ts";
import { type LinkedComponent, Linker } from "../../runtime/instance/linker.ts";
import {
  type PreparedComponent,
  prepareComponent,
  type PrepareOptions,
} from "../../runtime/prepare/prepare.ts";
import { httpHandlerExport } from "../../runtime/trigger/handler-export.ts";
import { wasiInterfaces } from "../../runtime/wasi/all-interfaces.ts";
import type { WasiContext } from "../../runtime/wasi/context.ts";
import { Request03 } from "../../runtime/wasi/http/0.3/request.ts";
import type { Response03 } from "../../runtime/wasi/http/0.3/response.ts";
import type {
  HeaderList,
  IncomingExchange,
  ResponseSink,
} from "../../runtime/wasi/http/exchange.ts";
import {
  closeExchange,
  newIncomingRequest,
  newResponseOutparam,
} from "../../runtime/wasi/http/incoming.ts";
import { BufferOutputStream, emptyInputStream } from "../../runtime/wasi/io/memory-streams.ts";
import type { OutputStream } from "../../runtime/wasi/io/streams.ts";
import { warmContext } from "../../runtime/wasi/warm-context.ts";

export interface GuestRequest {
  readonly path: string;
  readonly method?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: Uint8Array | Readable;
}

export interface GuestAppOptions extends InstancePoolOptions {
  readonly prepare?: PrepareOptions;
}

/** What a guest has answered; `aborted` when it did not end its answer. */
export interface GuestAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly text: string;
  readonly aborted: string | undefined;
}

/** Answers requests with an instance of an HTTP component for each, without any server. */
export class GuestApp implements Disposable {
  readonly prepared: PreparedComponent;
  readonly linked: LinkedComponent<WasiContext>;
  readonly pool: InstancePool<WasiContext>;
  readonly #handle: LiftedFunction;
  readonly #isAsync: boolean;
  readonly #newContext: () => WasiContext;

  private constructor(
    prepared: PreparedComponent,
    newContext: () => WasiContext,
    options: InstancePoolOptions,
  ) {
    this.prepared = prepared;
    const stubs = missingInterfaces(prepared);
    this.linked = new Linker([...wasiInterfaces, ...stubs]).link(prepared);
    this.pool = new InstancePool(this.linked, options);
    const { function: handle, candidate } = httpHandlerExport(prepared.plan);
    this.#handle = handle;
    this.#isAsync = candidate.kind === "wasi-http-0.3";
    this.#newContext = newContext;
  }

  /** What else it imports traps when it is called. */
  static async of(
    bytes: Uint8Array<ArrayBuffer>,
    newContext: () => WasiContext,
    options: GuestAppOptions = {},
  ): Promise<GuestApp> {
    return new GuestApp(await prepareComponent(bytes, options.prepare), newContext, options);
  }

  /** As {@link of}, from a file. */
  static load(
    file: string,
    newContext: () => WasiContext,
    options: GuestAppOptions = {},
  ): Promise<GuestApp> {
    return GuestApp.of(new Uint8Array(readFileSync(file)), newContext, options);
  }

  /** Lets all instances begin behind these requests; `asked` is what the guest got of the world. */
  async warmUp(
    requests: readonly GuestRequest[],
  ): Promise<{ readonly warmth: Warmth; readonly asked: readonly string[] }> {
    const { context, asked } = warmContext(this.#newContext());
    const warmth = await this.pool.warmUp({
      context,
      drive: async (instance) => {
        for (const request of requests) await this.drive(instance, request);
      },
    });
    return { warmth, asked: asked() };
  }

  /** Rejects with what the guest threw. */
  async request(request: GuestRequest): Promise<GuestAnswer> {
    using lease = this.pool.take(this.#newContext());
    return await this.drive(lease.instance, request);
  }

  /** The same in an instance that the caller has taken. */
  async drive(instance: Instance<WasiContext>, request: GuestRequest): Promise<GuestAnswer> {
    const sink = new CollectingSink();
    const exchange = exchangeOf(request);
    if (this.#isAsync) {
      const call = instance.start(this.#handle, [Request03.received(exchange)]);
      const result = (await call.result) as Result<Response03, unknown>;
      if (result.tag === "err") throw new Error(`it answered ${JSON.stringify(result.val)}`);
      const output = sink.head(result.val.status, result.val.headers.entries());
      const finish = (trailers: HeaderList): void => sink.finish(trailers);
      await result.val.take().write({ output, finish });
      await call.done;
    } else {
      const outparam = newResponseOutparam(sink);
      try {
        await instance.lifted(this.#handle)(newIncomingRequest(exchange), outparam);
      } finally {
        closeExchange(outparam, "the guest returned without finishing the body");
      }
    }
    return sink.answer();
  }

  [Symbol.dispose](): void {
    this.pool[Symbol.dispose]();
  }
}

function exchangeOf({ path, method = "GET", headers = [], body }: GuestRequest): IncomingExchange {
  return {
    method,
    scheme: "http",
    authority: "test.example",
    pathWithQuery: path,
    headers: headers.map(([name, value]) => [name, Buffer.from(value)] as const),
    body: body instanceof Uint8Array ? Readable.from([Buffer.from(body)]) : body,
    trailers: () => [],
  };
}

class CollectingSink implements ResponseSink {
  readonly #body = new BufferOutputStream();
  #status = 0;
  #headers: HeaderList = [];
  #aborted: string | undefined;

  head(status: number, headers: HeaderList): OutputStream {
    this.#status = status;
    this.#headers = headers;
    return this.#body;
  }

  finish(_trailers: HeaderList): void {}

  abort(reason: string): void {
    this.#aborted = reason;
  }

  answer(): GuestAnswer {
    const text = Buffer.from(this.#body.bytes()).toString();
    return { status: this.#status, headers: this.#headers, text, aborted: this.#aborted };
  }
}

/** Interfaces for everything that is imported and not of WASI: all functions trap. */
function missingInterfaces({ plan }: PreparedComponent): HostInterface<WasiContext>[] {
  const made = new Map<string, HostInterface<WasiContext>>();
  for (const item of plan.imports) {
    const { name, version } = parseInterfaceName(item.interfaceName ?? "");
    if (name.startsWith("wasi:") && wasiInterfaces.some((each) => each.name === name)) continue;
    const key = `${name}@${version ?? ""}`;
    const found = made.get(key);
    const functions = { ...found?.functions };
    if (item.kind === "func") {
      functions[item.name] = () => {
        throw new WhorlError("trap", `${key}#${item.name} is not there`);
      };
    }
    made.set(key, { name, version, functions, suspending: new Set(), resources: {} });
  }
  return [...made.values()];
}

/** What an instance of the tests may use: clocks, random numbers, and no outside world. */
export function closedContext(changed: Partial<WasiContext> = {}): WasiContext {
  const nowhere: OutputStream = new BufferOutputStream();
  return {
    cli: {
      environment: [],
      arguments: [],
      stdin: () => emptyInputStream,
      stdout: () => nowhere,
      stderr: () => nowhere,
      terminal: { stdin: false, stdout: false, stderr: false },
    },
    clocks: { monotonicNs: () => process.hrtime.bigint(), wallNs: () => BigInt(Date.now()) },
    random: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
    filesystem: { preopens: [] },
    sockets: { isAllowed: () => false, nameLookup: false },
    http: {
      isAllowed: () => false,
      selfOrigin: undefined,
      dispatcher: () => {
        throw new Error("there is no network");
      },
    },
    ...changed,
  };
}

import type { Dispatcher } from "undici";
import type { AppComponent } from "../app/app.ts";
import { compileOutboundHosts, type OutboundHosts } from "../app/outbound-hosts.ts";
import { Refusals } from "../app/refusals.ts";
import { hostClocks } from "../wasi/clocks/host-clocks.ts";
import type { InvocationHolder } from "../telemetry/host-call-spans.ts";
import type {
  CliContext,
  HttpContext,
  OutboundObserver,
  OutboundStart,
  Preopen,
  SocketsContext,
  WasiContext,
} from "../wasi/context.ts";
import { lineOutputStream } from "../wasi/io/line-output-stream.ts";
import { emptyInputStream } from "../wasi/io/memory-streams.ts";
import { hostRandom } from "../wasi/random/host-random.ts";
import type { GuestNetwork } from "../wasi/sockets/guest-network.ts";
import type { InstanceUse } from "./loaded-component.ts";

export interface ComponentSurroundings {
  readonly preopens: readonly Preopen[];
  /** Added to the manifest's environment, winning over it. */
  readonly environment: readonly (readonly [string, string])[];
  dispatcher(): Dispatcher;
  /** Where sockets are; the process's own where there is none. */
  readonly network?: GuestNetwork | undefined;
  readonly connectionPermit?: SocketsContext["connectionPermit"];
  /** The app's own `http://host:port`, once it listens. */
  selfOrigin(): string | undefined;
  /** Told what the component asks for and may not have. */
  onWarning(message: string): void;
  /** `holder` says for which request; undefined where telemetry is off. */
  onGuestLine(
    stream: "stdout" | "stderr",
    line: string,
    holder: InvocationHolder | undefined,
  ): void;
}

/** Makes what one instance of a component may see and use; most of it is the same for all. */
export function componentContext(
  component: AppComponent,
  surroundings: ComponentSurroundings,
): (use: InstanceUse) => WasiContext {
  const refusals = new Refusals(component.id, (message) => surroundings.onWarning(message));
  const hosts = refusals.hosts(compileOutboundHosts(component.allowedOutboundHosts));
  const { onGuestLine, preopens } = surroundings;
  const sockets = socketsContext(hosts, surroundings);
  const cli: CliContext = {
    environment: mergedEnvironment(component, surroundings),
    arguments: [],
    stdin: () => emptyInputStream,
    stdout: () => lineOutputStream("", (line) => onGuestLine("stdout", line, undefined)),
    stderr: () => lineOutputStream("", (line) => onGuestLine("stderr", line, undefined)),
    terminal: { stdin: false, stdout: false, stderr: false },
  };
  const common: Omit<WasiContext, "filesystem" | "sockets"> = {
    cli,
    clocks: hostClocks(),
    random: hostRandom(),
    http: {
      isAllowed: ({ scheme, authority }) => isRequestAllowed(hosts, scheme, authority),
      get selfOrigin() {
        return surroundings.selfOrigin();
      },
      dispatcher: () => surroundings.dispatcher(),
    },
  };
  // Open files and sockets are counted per object: one instance cannot use up those of another.
  return ({ cli: changed, holder }) => ({
    clocks: common.clocks,
    random: common.random,
    cli: changed === undefined && holder === undefined ? cli : changedCli(changed, holder),
    http: holder === undefined ? common.http : new WatchedHttp(common.http, holder),
    filesystem: { preopens },
    sockets: { ...sockets },
  });

  function changedCli(
    changed: Partial<CliContext> | undefined,
    holder: InvocationHolder | undefined,
  ): CliContext {
    return {
      ...cli,
      stdout: () => lineOutputStream("", (line) => onGuestLine("stdout", line, holder)),
      stderr: () => lineOutputStream("", (line) => onGuestLine("stderr", line, holder)),
      ...changed,
    };
  }
}

/** What an instance may send, with the request for which it does. */
class WatchedHttp implements HttpContext {
  readonly #common: HttpContext;
  readonly #holder: InvocationHolder;

  constructor(common: HttpContext, holder: InvocationHolder) {
    this.#common = common;
    this.#holder = holder;
  }

  get selfOrigin(): string | undefined {
    return this.#common.selfOrigin;
  }

  isAllowed(request: Parameters<HttpContext["isAllowed"]>[0]): boolean {
    return this.#common.isAllowed(request);
  }

  dispatcher(): Dispatcher {
    return this.#common.dispatcher();
  }

  outbound(request: OutboundStart): OutboundObserver {
    return this.#holder.current.outbound(request);
  }
}

/** What a component sees as its environment. */
export function mergedEnvironment(
  component: Pick<AppComponent, "environment">,
  surroundings: Pick<ComponentSurroundings, "environment">,
): readonly (readonly [string, string])[] {
  return [...new Map([...component.environment, ...surroundings.environment])];
}

function isRequestAllowed(hosts: OutboundHosts, scheme: string, authority: string): boolean {
  if (authority === "") return hosts.allowsSelf(scheme);
  const [, host = authority, port] = /^(.*?)(?::(\d+))?$/.exec(authority) ?? [];
  return hosts.allows(scheme, host, port === undefined ? undefined : Number(port));
}

/** As Spin: connect by `tcp://` entries, anything of UDP by `udp://`, no TCP bind at all. */
function socketsContext(
  hosts: OutboundHosts,
  { network, connectionPermit }: Pick<ComponentSurroundings, "network" | "connectionPermit">,
): SocketsContext {
  return {
    isAllowed(use, host, port) {
      if (use === "tcp-bind") return false;
      return hosts.allows(use === "tcp-connect" ? "tcp" : "udp", host, port);
    },
    nameLookup: false,
    network,
    connectionPermit,
  };
}

import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { HeaderList } from "../wasi/http/exchange.ts";
import { HttpConnections } from "../trigger/http/http-connections.ts";
import type { PlainResponse } from "../trigger/http/plain-response.ts";
import { serverLimits } from "../trigger/http/server-limits.ts";
import type { Inbound, Outgoing, ResponseHead, Wire } from "../trigger/http/wire.ts";
import { connectionState } from "./connection-slots.ts";
import type { ConnectionSlots } from "./connection-slots.ts";
import type { ConnectionMessage } from "./protocol.ts";
import { appOfHost } from "./request-name.ts";

/** A request with the name of the app that it is for, if it has one. */
export type HandleFor = <T extends Outgoing>(inbound: Inbound<T>, app: string | undefined) => void;

export interface WorkerServerOptions {
  readonly slots: ConnectionSlots;
  /** Index of this worker. */
  readonly index: number;
  /** Answers; does not throw. */
  readonly handle: HandleFor;
  /** Told soon after connections have ended, several at once. */
  onClosed(slots: readonly number[]): void;
}

/** What is bound to a connection that was handed over. */
interface Origin {
  readonly slot: number;
  readonly app: string | undefined;
  /** Requests that are not answered yet: with pipelining there can be several. */
  open: number;
  /** Whether a part of the next request was read. */
  hasBegun: boolean;
}

/** The parser of a socket of node:http, which Node keeps to itself, in all versions so far. */
interface Parser {
  /** Called at the first byte of each request: nothing else tells of half a head. */
  [onMessageBegin]?: OnBegin;
}

type OnBegin = (this: { readonly socket?: { readonly origin?: Origin } | null }) => void;

const onMessageBegin = 0;

/** HTTP on connections that the doorman has accepted. Nothing listens here. */
export class WorkerServer {
  readonly #options: WorkerServerOptions;
  readonly #connections: HttpConnections;
  readonly #sockets = new Set<Socket>();
  /** One for all: parsers outlive their connections, and find the current one themselves. */
  readonly #onBegin: OnBegin;
  #closed: number[] = [];

  constructor(options: WorkerServerOptions) {
    this.#options = options;
    this.#onBegin = beginNoter(options.slots);
    this.#connections = new HttpConnections({
      limits: serverLimits(),
      handle: (inbound) => this.#handle(inbound),
    });
  }

  /** Takes a connection over, unless the doorman has taken it back meanwhile. */
  adopt({ slot, fd, app, head }: ConnectionMessage): void {
    const { slots } = this.#options;
    // First of all: should the thread be ended here, a copy is left over, and never closed twice.
    const isMine = slots.change(slot, connectionState.handedOver, connectionState.begun);
    const socket = new Socket({ fd, allowHalfOpen: true });
    if (!isMine) {
      slots.set(slot, connectionState.returned);
      socket.once("close", () => this.#noteClosed(slot));
      socket.destroy();
      return;
    }
    // Looking after slow request heads begins with the first connection.
    if (this.#sockets.size === 0) this.#watchHeads();
    socket.setNoDelay(true);
    Object.assign(socket, { origin: { slot, app, open: 0, hasBegun: true } satisfies Origin });
    if (head.length > 0) socket.unshift(head);
    this.#sockets.add(socket);
    socket.once("close", () => this.#onClose(socket, slot));
    this.#connections.adopt(socket);
    const { parser } = socket as Socket & { readonly parser?: Parser | null };
    if (parser) parser[onMessageBegin] = this.#onBegin;
  }

  /** Lets responses under way finish until the signal aborts; settles when nothing is left. */
  async close(signal: AbortSignal): Promise<void> {
    this.#connections.announceEnd();
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      this.#connections.closeIdle();
      if (this.#sockets.size === 0) resolve();
    };
    const timer = setInterval(look, idleCheckMs);
    const destroy = (): void => this.#connections.destroy();
    signal.addEventListener("abort", destroy, { once: true });
    if (signal.aborted) destroy();
    look();
    await promise;
    clearInterval(timer);
    signal.removeEventListener("abort", destroy);
  }

  #isWatching = false;

  #watchHeads(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    // What node:http does when it listens itself.
    this.#connections.listener.emit("listening");
  }

  #handle<T extends Outgoing>(inbound: Inbound<T>): void {
    const { slots, index, handle } = this.#options;
    const origin = inbound.peer.origin as Origin | undefined;
    if (origin === undefined) {
      inbound.wire.drop(inbound.response);
      return;
    }
    const isAlone = inbound.peer instanceof Socket;
    slots.count(index, 1);
    // One that comes while another is being answered changes nothing: that answer may have begun.
    const isFirst = origin.open++ === 0;
    if (!isAlone) slots.set(origin.slot, connectionState.shared);
    else if (isFirst) slots.set(origin.slot, connectionState.asked);
    origin.hasBegun = false;
    inbound.response.on("close", () => {
      slots.count(index, -1);
      origin.open--;
      // What is left of a body would be taken for a request by another worker.
      if (isAlone && origin.open === 0 && isRead(inbound)) {
        slots.set(origin.slot, origin.hasBegun ? connectionState.begun : connectionState.idle);
      }
    });
    const app = origin.app ?? appOfHost(inbound.authority ?? inbound.host ?? "");
    const wire = isAlone ? new NotedWire(inbound.wire, slots, origin.slot) : inbound.wire;
    handle({ ...inbound, wire }, app);
  }

  #onClose(socket: Socket, slot: number): void {
    this.#sockets.delete(socket);
    this.#noteClosed(slot);
  }

  #noteClosed(slot: number): void {
    if (this.#closed.length === 0) setImmediate(() => this.#tellClosed());
    this.#closed.push(slot);
  }

  #tellClosed(): void {
    const closed = this.#closed;
    this.#closed = [];
    this.#options.onClosed(closed);
  }
}

/** A connection with half a head is not idle: what was read of it would be missing elsewhere. */
function beginNoter(slots: ConnectionSlots): OnBegin {
  return function noteBegin() {
    const origin = this.socket?.origin;
    if (origin === undefined) return;
    origin.hasBegun = true;
    if (origin.open === 0) slots.set(origin.slot, connectionState.begun);
  };
}

/** Whether nothing of the request is still to come. */
function isRead({ body }: Inbound<Outgoing>): boolean {
  return body === undefined || (body instanceof IncomingMessage && body.complete);
}

/** While closing: how often connections that have become idle are looked for. */
const idleCheckMs = 20;

/** Notes when an answer begins. */
class NotedWire<T extends Outgoing> implements Wire<T> {
  readonly #wire: Wire<T>;
  readonly #slots: ConnectionSlots;
  readonly #slot: number;

  constructor(wire: Wire<T>, slots: ConnectionSlots, slot: number) {
    this.#wire = wire;
    this.#slots = slots;
    this.#slot = slot;
  }

  head(response: T, head: ResponseHead): void {
    this.#wire.head(response, head);
    this.#slots.set(this.#slot, connectionState.answering);
  }

  flushHead(response: T): void {
    this.#wire.flushHead(response);
  }

  trailers(response: T, trailers: HeaderList): void {
    this.#wire.trailers(response, trailers);
  }

  whole(response: T, head: ResponseHead, body: Uint8Array): void {
    this.#slots.set(this.#slot, connectionState.answering);
    this.#wire.whole(response, head, body);
  }

  plain(response: T, plain: PlainResponse): void {
    this.#slots.set(this.#slot, connectionState.answering);
    this.#wire.plain(response, plain);
  }

  abort(response: T): void {
    this.#wire.abort(response);
  }

  drop(response: T): void {
    this.#wire.drop(response);
  }

  discardBody(response: T): void {
    this.#wire.discardBody(response);
  }
}

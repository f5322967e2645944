import type { Socket } from "node:net";
import { WhorlError } from "../error.ts";
import { answerPlainly } from "./answer-plainly.ts";
import { connectionState } from "./connection-slots.ts";
import type { ConnectionSlots } from "./connection-slots.ts";
import type { Descriptors } from "./descriptors.ts";
import { descriptorOf } from "./descriptors.ts";
import type { Caller } from "./doorman.ts";
import type { ConnectionMessage } from "./protocol.ts";

/** Who can have connections. */
export interface ConnectionHolder {
  /** A connection for the app is on its way. */
  opened(app: string): void;
  closed(app: string): void;
  tell(message: ConnectionMessage): void;
}

/** A connection that a worker has. */
export interface Lent<W extends ConnectionHolder> extends Caller {
  readonly slot: number;
  readonly worker: W;
  /** The worker's copy of the socket, which is its own from when it has taken it. */
  readonly fd: number;
}

const nothing = new Uint8Array(0);

/**
 * The connections that workers have. The doorman keeps each socket beside the worker's copy, so that
 * it can still answer when the worker is gone.
 */
export class ConnectionTable<W extends ConnectionHolder> {
  readonly #slots: ConnectionSlots;
  readonly #descriptors: Descriptors;
  readonly #lent = new Map<number, Lent<W>>();
  /** Taken back from workers that have not found out. */
  readonly #takenBack = new Map<number, Lent<W>>();
  readonly #free: number[] = [];
  #fresh = 0;

  constructor(slots: ConnectionSlots, descriptors: Descriptors) {
    this.#slots = slots;
    this.#descriptors = descriptors;
  }

  get size(): number {
    return this.#lent.size;
  }

  /**
   * Gives a connection to a worker; returns its slot, undefined where the client has gone meanwhile.
   * Throws `limit` where there are as many as there can be, or no descriptor is left.
   */
  lend(caller: Caller, worker: W): number | undefined {
    const { socket, app, isFixed, head } = caller;
    const own = descriptorOf(socket);
    if (own === undefined) return undefined;
    const slot = this.#takeSlot();
    const fd = this.#duplicate(own, slot);
    this.#slots.set(slot, connectionState.handedOver);
    this.#lent.set(slot, { slot, socket, app, isFixed, head, worker, fd });
    worker.opened(app ?? "");
    worker.tell({ kind: "connection", slot, fd, app: isFixed ? app : undefined, head });
    return slot;
  }

  /** The worker has closed them. */
  closed(slots: readonly number[]): void {
    for (const slot of slots) {
      const lent = this.#lent.get(slot);
      if (this.#takenBack.delete(slot)) {
        this.#free.push(slot);
      } else if (lent !== undefined) {
        this.#forget(lent);
        lent.socket.destroy();
      }
    }
  }

  /** Whether the worker that got it has not looked at it yet. */
  isUntouched(slot: number): boolean {
    return this.#lent.has(slot) && this.#slots.state(slot) === connectionState.handedOver;
  }

  find(slot: number): Lent<W> | undefined {
    return this.#lent.get(slot);
  }

  /** Takes a connection back from a worker that has not looked at it; undefined where it has. */
  takeBack(slot: number): Lent<W> | undefined {
    const lent = this.#lent.get(slot);
    const { handedOver, takenBack } = connectionState;
    if (lent === undefined || !this.#slots.change(slot, handedOver, takenBack)) return undefined;
    // The worker still finds the message, closes its copy and says so.
    this.#lent.delete(slot);
    this.#takenBack.set(slot, lent);
    lent.worker.closed(lent.app ?? "");
    return lent;
  }

  /**
   * The worker is gone. Whoever was waiting for an answer is told; what nobody had asked anything
   * is returned, to be given to another one.
   */
  rescue(worker: W): Caller[] {
    const callers: Caller[] = [];
    for (const [slot, lent] of this.#takenBack) {
      if (lent.worker !== worker) continue;
      // Otherwise it had found out, and its copy is closed: the number may be another file's now.
      if (this.#slots.state(slot) === connectionState.takenBack) this.#descriptors.close(lent.fd);
      this.#takenBack.delete(slot);
      this.#free.push(slot);
    }
    for (const lent of [...this.#lent.values()].filter((each) => each.worker === worker)) {
      this.#forget(lent);
      const { socket, fd, slot } = lent;
      switch (this.#slots.state(slot)) {
        case connectionState.handedOver:
          this.#descriptors.close(fd);
          callers.push(lent);
          break;
        case connectionState.idle:
          callers.push({ ...lent, head: nothing });
          break;
        case connectionState.begun:
        case connectionState.asked:
          answerPlainly(socket, "502 Bad Gateway", "");
          break;
        case connectionState.answering:
          this.#breakOff(socket);
          break;
        case connectionState.takenBack:
        case connectionState.returned:
        case connectionState.shared:
          socket.resetAndDestroy();
          break;
      }
    }
    return callers;
  }

  /**
   * An answer is noted before its first byte is sent. Where none ever was on this connection, the
   * client can still be told; otherwise only a reset says that the answer is not whole.
   */
  #breakOff(socket: Socket): void {
    const fd = descriptorOf(socket);
    if (fd !== undefined && this.#descriptors.isUnanswered(fd)) {
      answerPlainly(socket, "502 Bad Gateway", "");
    } else {
      socket.resetAndDestroy();
    }
  }

  destroy(): void {
    for (const { socket } of this.#lent.values()) socket.destroy();
    this.#lent.clear();
  }

  #forget({ slot, worker, app }: Lent<W>): void {
    this.#lent.delete(slot);
    worker.closed(app ?? "");
    this.#free.push(slot);
  }

  #takeSlot(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#fresh >= this.#slots.capacity) {
      throw new WhorlError("limit", `there are ${this.#fresh} connections, and no more can be`);
    }
    return this.#fresh++;
  }

  #duplicate(fd: number, slot: number): number {
    try {
      return this.#descriptors.duplicate(fd);
    } catch (error) {
      this.#free.push(slot);
      throw error;
    }
  }
}

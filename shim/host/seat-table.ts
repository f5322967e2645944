import type { SeatCommand } from "./protocol.ts";

/** As much of a seat as its table needs. */
export interface CommandedSeat {
  handle(command: SeatCommand): Promise<void>;
}

export interface SeatTableOptions<Seat> {
  /** Makes a seat; `onEnd` is called once nothing of it is left. */
  open(id: string, onEnd: () => void): Seat;
  /** Closes the descriptors of a message that nobody needs any more. */
  drop(message: string): void;
}

/** The containers of a shared host by their ids, each from being prepared to its end. */
export class SeatTable<Seat extends CommandedSeat> {
  readonly #options: SeatTableOptions<Seat>;
  readonly #seats = new Map<string, Seat>();

  constructor(options: SeatTableOptions<Seat>) {
    this.#options = options;
  }

  /**
   * Passes a command on to its seat. One that has ended by itself meanwhile needs none: the front
   * has sent it before it heard of the end.
   */
  async handle(id: string, command: SeatCommand): Promise<void> {
    const seat = this.#seats.get(id) ?? (command.kind === "prepare" ? this.#open(id) : undefined);
    if (seat !== undefined) await seat.handle(command);
    else if (command.kind === "given" && "descriptors" in command.result) {
      this.#options.drop(command.result.descriptors);
    }
  }

  #open(id: string): Seat {
    const seat = this.#options.open(id, () => this.#seats.delete(id));
    this.#seats.set(id, seat);
    return seat;
  }
}

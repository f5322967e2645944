/** What waits for the end of a turn. */
export interface AtTurnEnd {
  /** Called once. Must not throw. */
  release(): void;
}

/**
 * Calls back when this turn of the event loop ends: one immediate for all who ask within it, since
 * each costs as much as a small answer.
 */
export class TurnEnd {
  #waiting: AtTurnEnd[] = [];

  add(waiting: AtTurnEnd): void {
    if (this.#waiting.push(waiting) === 1) setImmediate(run, this);
  }

  run(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) each.release();
  }
}

function run(turnEnd: TurnEnd): void {
  turnEnd.run();
}

/** What tells about changes without being looked at must not talk all the time. */
const silenceMs = 5_000;

/**
 * Text for a polite live region: the newest thing to say, at most one in five seconds. What came in
 * between and was overtaken is not said.
 */
export class Announcer {
  readonly #say: (text: string) => void;
  readonly #now: () => number;
  #saidMs = Number.NEGATIVE_INFINITY;
  #waiting: string | undefined;

  constructor(say: (text: string) => void, now: () => number) {
    this.#say = say;
    this.#now = now;
  }

  /** Said now where nothing was said for a while, else kept until {@link tick}. */
  announce(text: string): void {
    this.#waiting = text;
    this.tick();
  }

  /** Says what waits, when it is time. */
  tick(): void {
    if (this.#waiting === undefined || this.#now() - this.#saidMs < silenceMs) return;
    this.#saidMs = this.#now();
    this.#say(this.#waiting);
    this.#waiting = undefined;
  }
}

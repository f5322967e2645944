/** Where text for a person or a program goes. */
export interface TextSink {
  write(text: string): void;
  /** Whether escape sequences for colours are shown as colours. */
  readonly hasColors: boolean;
  /** Whether it is a terminal, on which a line can be drawn again. */
  readonly isTerminal: boolean;
  /** What is written and not taken yet. */
  readonly waitingBytes: number;
}

/** Signals that end the program, one after the other. */
export interface EndSignals {
  next(): Promise<"SIGINT" | "SIGTERM">;
}

/** What a command may use of its process. */
export interface CommandIo {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly signals: EndSignals;
  /** From now on errors that nobody caught go here instead of ending the process. */
  surviveErrors(onError: (error: unknown) => void): Disposable;
}

/** Exit codes of the program. */
export const exitCodes = {
  done: 0,
  /** The app cannot be run; the message says why. */
  refused: 1,
  /** The command line is wrong. */
  usage: 2,
  /** A mistake of this program (EX_SOFTWARE). */
  internal: 70,
  /** Ended by a second signal before everything was finished. */
  interrupted: 130,
} as const;

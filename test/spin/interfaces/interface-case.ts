/** One call of one function by a real component, and what it has to be answered. */
export interface InterfaceCase {
  /** As imported: `fermyon:spin/redis@2.0.0`. */
  readonly interfaceName: string;
  readonly functionName: string;
  /** `works`, or which error. */
  readonly about: string;
  readonly args: readonly unknown[];
  /** The answer as the guests write it, or a matcher of it. */
  readonly expected: unknown;
  /** What the guest is asked for; by default the function. */
  readonly asked: string;
  /** Which app is asked; `apart` is described in `apart-cases.ts`. */
  readonly app: "main" | "apart";
}

/** Addresses that the cases use. */
export interface Places {
  readonly redis: string;
  /** The same, of a user that may only read. */
  readonly redisReader: string;
  /** Another one, whose `sadd` answers with no number. */
  readonly redisRenamed: string;
  readonly mysql: string;
  readonly postgres: string;
  /** PostgreSQL that accepts TLS only, and the certificate of its authority. */
  readonly postgresTls: string;
  readonly authority: string;
  readonly mqtt: string;
  readonly web: string;
  /** `127.0.0.1:port`, permitted, where nothing listens. */
  readonly nowhere: string;
}

/** Function, what it shows, arguments, answer; last, what the guest is asked for instead. */
export type Row = readonly [string, string, readonly unknown[], unknown, string?];

export function casesOf(interfaceName: string, rows: readonly Row[]): InterfaceCase[] {
  return rows.map(([functionName, about, args, expected, asked = functionName]) => ({
    interfaceName,
    functionName,
    about,
    args,
    expected,
    asked,
    app: "main",
  }));
}

export function ok(value: unknown = null): unknown {
  return { Ok: value };
}

export function err(value: unknown): unknown {
  return { Err: value };
}

export function bytes(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

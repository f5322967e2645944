/**
 * What the host gives a guest: WIT interfaces as plain objects, made once per process. Everything
 * that belongs to one guest instance is in the context `C` that each function gets first, so that
 * an instance costs no closures.
 *
 * How WIT values look in JavaScript:
 *
 * | WIT | JavaScript |
 * |---|---|
 * | bool; s8 to u32, f32, f64; s64, u64; char, string | boolean; number; bigint; string |
 * | list<u8> / other lists | Uint8Array (a copy, yours to keep) / array |
 * | map<K, V> | array of `[key, value]` |
 * | record, tuple | object with camelCase fields, array |
 * | variant | `{ tag: "case-name", val }` (val undefined for a case without payload) |
 * | enum | `"case-name"` |
 * | flags | object of booleans with camelCase names, all present |
 * | option<T> | T or undefined; `{ tag: "some" or "none", val }` where T is itself an option |
 * | result<T, E> | `{ tag: "ok", val }` or `{ tag: "err", val }`, also as a function's result |
 * | own<R>, borrow<R> | the host's own object for a host resource |
 * | stream<T>, from the guest / to the guest | StreamReader / StreamSource (abi/host-values.ts) |
 * | future<T>, from the guest / to the guest | FutureReader / a promise or FutureSource |
 * | error-context | ErrorContext |
 *
 * A StreamReader or FutureReader may be given to a guest as well, of any instance.
 *
 * A thrown error is a trap: it ends the guest instance. Errors that WIT declares are returned.
 *
 * Functions whose WIT type is `async` return a value or a Promise of one, and get a HostCall after
 * their last argument. Whether the guest waits for the result on its stack (JSPI) or goes on and
 * is told later (a subtask) is the guest's choice and makes no difference here. For example
 * `read-via-stream: func() -> tuple<stream<u8>, future<result<_, error-code>>>` and
 * `wait-for: async func(how-long: duration)`:
 *
 * ```ts
 * functions: {
 *   "read-via-stream"(context: Context) {
 *     const done = Promise.withResolvers<Result<undefined, ErrorCode>>();
 *     const source: StreamSource<Uint8Array> = {
 *       async pull(max) {
 *         const chunk = await context.stdin.read(max);
 *         if (chunk === undefined) done.resolve(ok(undefined));
 *         return chunk;
 *       },
 *       drop: () => done.resolve(ok(undefined)),
 *     };
 *     return [source, done.promise];
 *   },
 *   "wait-for": (_context: Context, howLong: bigint, call: HostCall) =>
 *     setTimeout(Number(howLong / 1_000_000n), undefined, { signal: call.signal }),
 *   async "write-via-stream"(context: Context, data: StreamReader<Uint8Array>) {
 *     for await (const chunk of data) await context.stdout.write(chunk);
 *   },
 * },
 * ```
 */
// oxlint-disable-next-line typescript/no-explicit-any -- arguments are typed by each implementation against its WIT signature; the linker cannot know them.
export type HostFunction<C> = (context: C, ...values: any[]) => unknown;

export interface HostResource<C> {
  /** Called once when the guest drops its last own handle, or when its instance ends. */
  drop?(context: C, representation: object): void;
  /**
   * Objects that every instance has of its own, as its stdout: an instance that begins with the
   * state of another one that had such an object has its own in that place.
   */
  readonly lasting?: {
    /** Undefined for any other object. */
    nameOf(representation: object): string | undefined;
    of(context: C, name: string): object;
  };
}

export interface HostInterface<C> {
  /**
   * `wasi:io/streams`: package and interface, no version. Empty: functions and resource types that
   * components import by themselves.
   */
  readonly name: string;
  /**
   * The highest version implemented (`0.2.12`): it also serves every older one of its semver track
   * (0.2 here). A pre-release (`0.2.0-rc-2023-10-18`) serves that version alone. Undefined for
   * interfaces without a version.
   */
  readonly version: string | undefined;
  /**
   * Keys as in the binary: `get-environment`, `[method]input-stream.read`,
   * `[static]fields.from-list`, `[constructor]fields`.
   */
  readonly functions: Readonly<Record<string, HostFunction<C>>>;
  /**
   * Those of `functions` that may return a Promise although their WIT type is not `async`: the
   * guest is suspended until it settles, and nothing else of its instance runs meanwhile. Functions
   * of async type need not be listed.
   */
  readonly suspending: ReadonlySet<string>;
  /** Keys as in the binary: `input-stream`. */
  readonly resources: Readonly<Record<string, HostResource<C>>>;
}

export type Result<T, E> =
  | { readonly tag: "ok"; readonly val: T }
  | { readonly tag: "err"; readonly val: E };

export function ok<T>(val: T): { readonly tag: "ok"; readonly val: T } {
  return { tag: "ok", val };
}

export function err<E>(val: E): { readonly tag: "err"; readonly val: E } {
  return { tag: "err", val };
}

export { ErrorContext } from "../abi/host-values.ts";
export type {
  FutureReader,
  FutureSource,
  HostCall,
  StreamChunk,
  StreamReader,
  StreamSource,
} from "../abi/host-values.ts";

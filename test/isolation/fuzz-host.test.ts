import fc from "fast-check";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readCoreModuleType } from "../../runtime/component/core-module.ts";
import { linkComponent } from "../../runtime/component/link.ts";
import { WhorlError } from "../../runtime/error.ts";
import { fuzzing, fuzzingMs } from "./fuzzing.ts";
import { closedContext, GuestApp } from "./guest-app.ts";

interface HostCall {
  readonly name: string;
  readonly params: readonly string[];
  readonly call: (...values: unknown[]) => unknown;
}

/**
 * What the core modules of the component import from the host, as they would call it, with one
 * instance behind it. Found by watching what each `WebAssembly.Instance` is given.
 */
async function hostCalls(component: string): Promise<{
  readonly app: GuestApp;
  readonly begin: () => {
    readonly calls: readonly HostCall[];
    readonly resume: () => void;
    readonly end: () => void;
  };
}> {
  const file = fileURLToPath(new URL(`../../wasm-apps/${component}`, import.meta.url));
  const bytes = new Uint8Array(readFileSync(file));
  const types = new Map<string, readonly string[]>();
  for (const module of linkComponent(bytes).modules) {
    for (const { module: from, name, type } of readCoreModuleType(module, 0, module.length)
      .imports) {
      if (type.kind === "func") types.set(`${from} ${name}`, type.type.params);
    }
  }
  const app = await GuestApp.of(bytes, () => closedContext());
  const begin = () => {
    const { Instance, Suspending } = WebAssembly;
    const unwrapped = new Map<unknown, HostCall["call"]>();
    const calls: HostCall[] = [];
    WebAssembly.Suspending = class extends Suspending {
      constructor(call: (...values: never[]) => unknown) {
        super(call);
        unwrapped.set(this, call as HostCall["call"]);
      }
    };
    WebAssembly.Instance = class extends Instance {
      constructor(...[module, imports = {}]: ConstructorParameters<typeof Instance>) {
        super(module, imports);
        for (const [from, fields] of Object.entries(imports)) {
          for (const [name, item] of Object.entries(fields)) {
            const call = unwrapped.get(item) ?? (isHostFunction(item) ? item : undefined);
            const params = types.get(`${from} ${name}`);
            if (call !== undefined && params !== undefined) calls.push({ name, params, call });
          }
        }
      }
    };
    try {
      app.pool.trim();
      const context = closedContext();
      const lease = app.pool.take(context);
      return {
        calls,
        resume: () => lease.instance.resume(context),
        end: () => lease[Symbol.dispose](),
      };
    } finally {
      Object.assign(WebAssembly, { Instance, Suspending });
    }
  };
  return { app, begin };
}

/** Exported functions of core instances have a number as their name. */
function isHostFunction(item: unknown): item is HostCall["call"] {
  return typeof item === "function" && !/^\d+$/.test(item.name);
}

const i32 = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 12 }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 17 * 65_536 + 64 }) },
  fc.constantFrom(-1, -4, 0x7fff_ffff, -0x8000_0000, 17 * 65_536, 17 * 65_536 - 1),
  fc.integer(),
);
const i64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 100n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const step = fc.record({
  which: fc.nat(),
  ints: fc.array(i32, { minLength: 20, maxLength: 20 }),
  longs: fc.array(i64, { minLength: 20, maxLength: 20 }),
});

function argument(type: string, int: number, long: bigint): unknown {
  if (type === "i64") return long;
  return type === "f32" || type === "f64" ? int / 7 : int;
}

/** What the guest may be told or be ended with; anything else is a fault of the host. */
function isForGuest(error: unknown): boolean {
  return (
    error instanceof WhorlError ||
    error instanceof WebAssembly.RuntimeError ||
    (error instanceof Error && /exited|unreachable/.test(error.message))
  );
}

test.each(["http-rust/http.wasm", "http-async-rust/http-async.wasm"])(
  "host functions of %s answer any arguments with a result or a trap",
  { timeout: fuzzingMs + 60_000 },
  async (component) => {
    const { app, begin } = await hostCalls(component);
    using _app = app;
    const outcomes = { results: 0, traps: 0 };
    const called = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const { calls, resume, end } = begin();
        try {
          for (const { which, ints, longs } of steps) {
            const { name, params, call } = calls[which % calls.length] ?? calls[0] ?? never();
            called.add(name);
            const values = params.map((type, index) =>
              argument(type, ints[index] ?? 0, longs[index] ?? 0n),
            );
            try {
              // What waits is left alone after a moment.
              await Promise.race([call(...values), delay(2)]);
              outcomes.results++;
            } catch (error) {
              if (!isForGuest(error))
                throw new Error(`${name}(${values.join()})`, { cause: error });
              outcomes.traps++;
              // Most traps are of handles that are not there: what comes behind is of interest too.
              resume();
            }
          }
        } finally {
          end();
        }
      }),
      fuzzing,
    );
    expect(called.size).toBeGreaterThan(30);
    expect(Math.min(outcomes.results, outcomes.traps)).toBeGreaterThan(0);
  },
);

function never(): never {
  throw new Error("the component imports nothing");
}

import fc from "fast-check";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import type { Plan } from "../../runtime/component/plan.ts";
import { WhorlError } from "../../runtime/error.ts";
import { GuestGuard } from "../../runtime/instance/guest-guard.ts";
import { Watchdog } from "../../runtime/instance/watchdog.ts";
import { fuzzing, fuzzingMs } from "./fuzzing.ts";
import { closedContext, GuestApp } from "./guest-app.ts";

const memoryBytesMax = 32 * 1024 * 1024;

const watchdog = new Watchdog({ cpuMsMax: 250 });
const guard = new GuestGuard({ watchdog, callMsMax: 1_000 });
afterAll(() => watchdog[Symbol.dispose]());

const file = (path: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`../../wasm-apps/${path}`, import.meta.url))));

/** A change of the bytes at a place, given as a part of the whole so that it shrinks. */
type Mutation =
  | { readonly kind: "set" | "flip"; readonly at: number; readonly byte: number }
  | { readonly kind: "remove" | "repeat"; readonly at: number; readonly length: number }
  | { readonly kind: "cut"; readonly at: number };

const at = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const byte = fc.oneof(
  fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0x0b, 0x40),
  fc.integer({ min: 0, max: 255 }),
);
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom("set", "flip"), at, byte }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom("remove", "repeat"),
      at,
      length: fc.integer({ min: 1, max: 40 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut"), at }) },
) as fc.Arbitrary<Mutation>;

function mutated(bytes: Uint8Array<ArrayBuffer>, change: Mutation): Uint8Array<ArrayBuffer> {
  const place = Math.floor(change.at * bytes.length);
  switch (change.kind) {
    case "set":
    case "flip": {
      const copy = bytes.slice();
      copy[place] = change.kind === "set" ? change.byte : (copy[place] ?? 0) ^ change.byte;
      return copy;
    }
    case "remove":
      return joined(bytes.subarray(0, place), bytes.subarray(place + change.length));
    case "repeat":
      return joined(bytes.subarray(0, place + change.length), bytes.subarray(place));
    case "cut":
      return bytes.slice(0, place);
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

function guestApp(bytes: Uint8Array<ArrayBuffer>): Promise<GuestApp> {
  return GuestApp.of(bytes, () => closedContext(), { guard, limits: { memoryBytesMax } });
}

/** What a component and its host say to each other, as the component declares it. */
function signatures({ imports, exports }: Plan): string {
  return JSON.stringify([imports, exports], (_, value: unknown) =>
    value instanceof Map ? [...value] : value,
  );
}

/**
 * Everything that a component is made to do; resolves with what came of it. `declared` are the
 * {@link signatures} that the host implements.
 */
async function live(
  bytes: Uint8Array<ArrayBuffer>,
  declared: string,
): Promise<"refused" | "failed" | "answered"> {
  let app: GuestApp;
  try {
    app = await guestApp(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(WhorlError);
    return "refused";
  }
  using served = app;
  try {
    for (const path of ["/", "/echo"]) await served.request({ path });
    return "answered";
  } catch (error) {
    // A fault of the host itself would be another kind of error, unless the component calls a case
    // or a field by another name than the host does.
    if (signatures(served.prepared.plan) === declared) expect(error).toSatisfy(isGuestFailure);
    else expect(error).toBeInstanceOf(Error);
    return "failed";
  }
}

function isGuestFailure(error: unknown): boolean {
  return (
    error instanceof WhorlError ||
    error instanceof WebAssembly.RuntimeError ||
    error instanceof WebAssembly.LinkError ||
    (error instanceof Error && /^(it answered|the guest exited|exited)/.test(error.message))
  );
}

test.each([
  ["hello-rust/hello.wasm", 1],
  ["http-rust/http.wasm", 3],
  ["http-async-rust/http-async.wasm", 2],
])(
  "%s with some bytes changed is refused, fails or answers",
  { timeout: fuzzingMs + 60_000 },
  async (path, changesMax) => {
    const original = file(path);
    using unchanged = await guestApp(original);
    const declared = signatures(unchanged.prepared.plan);
    const seen = { refused: 0, failed: 0, answered: 0 };
    const changes = fc.array(mutation, { minLength: 1, maxLength: changesMax });
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        seen[await live(list.reduce(mutated, original), declared)]++;
      }),
      fuzzing,
    );
    // Else the mutations would be too wild, or too tame, to find anything.
    expect(Math.min(seen.refused, seen.failed + seen.answered)).toBeGreaterThan(0);
  },
);

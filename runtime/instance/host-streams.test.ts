import { describe, expect, test } from "vitest";
import type { FutureReader, StreamReader, StreamSource } from "./host-interface.ts";
import { asyncGuest, type AsyncGuest, guestText, memoryOption } from "./test-async.ts";

const i32 = (count: number, result = true): string =>
  `${count === 0 ? "" : `(param${" i32".repeat(count)})`}${result ? " (result i32)" : ""}`;

/** `copy` reads at most four items at a time, waiting on its stack, and writes them on. */
function copier(element: string, realloc = "", size = 1): string {
  return guestText({
    definitions: `(type $S (stream ${element}))`,
    builtins: [
      ["new", "stream.new $S", "(result i64)"],
      ["read", `stream.read $S ${memoryOption} ${realloc}`, i32(3)],
      ["write", `stream.write $S ${memoryOption}`, i32(3)],
      ["drop-r", "stream.drop-readable $S", i32(1, false)],
      ["drop-w", "stream.drop-writable $S", i32(1, false)],
      ["return", "task.return (result $S)", i32(1, false)],
    ],
    core: `(func (export "copy") (param $in i32) (local $pair i64) (local $out i32)
          (local $n i32) (local $left i32) (local $at i32)
        (local.set $pair (call $new))
        (call $return (i32.wrap_i64 (local.get $pair)))
        (local.set $out (i32.wrap_i64 (i64.shr_u (local.get $pair) (i64.const 32))))
        (block $end
          (loop $more
            (local.set $n (call $read (local.get $in) (i32.const 64) (i32.const 4)))
            (br_if $end (i32.lt_u (local.get $n) (i32.const 16)))
            (local.set $left (i32.shr_u (local.get $n) (i32.const 4)))
            (local.set $at (i32.const 64))
            (loop $rest
              (local.set $n (call $write (local.get $out) (local.get $at) (local.get $left)))
              (br_if $end (i32.and (local.get $n) (i32.const 1)))
              (local.set $n (i32.shr_u (local.get $n) (i32.const 4)))
              (local.set $at (i32.add (local.get $at)
                (i32.mul (local.get $n) (i32.const ${size}))))
              (local.set $left (i32.sub (local.get $left) (local.get $n)))
              (br_if $rest (local.get $left)))
            (br $more)))
        (call $drop-r (local.get $in))
        (call $drop-w (local.get $out)))`,
    exports: `(func (export "copy") async (param "in" $S) (result $S)
        (canon lift (core func $core "copy") async ${memoryOption}))`,
  });
}

interface TestSource<T> extends StreamSource<T> {
  drops: number;
  readonly asked: number[];
}

function sourceOf<T>(chunks: readonly unknown[], isLate: boolean): TestSource<T> {
  const left = [...chunks];
  return {
    drops: 0,
    asked: [],
    pull(max) {
      this.asked.push(max);
      const chunk = left.shift() as never;
      return isLate ? Promise.resolve(chunk) : chunk;
    },
    drop() {
      this.drops++;
    },
  };
}

async function collect(stream: StreamReader): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const chunk of stream) items.push(...(chunk as unknown[]));
  return items;
}

describe("a guest copies a stream of the host", () => {
  const bytes = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 6, 7, 8, 9), Uint8Array.of(10)];
  const realloc = '(realloc (core func $memory "realloc"))';
  test.each([
    { element: "u8", chunks: bytes, realloc: "", isLate: false },
    { element: "u8", chunks: bytes, realloc: "", isLate: true },
    { element: "u16", chunks: [[1, 65_535], [3]], realloc: "", isLate: true },
    {
      element: "string",
      chunks: [
        ["a", "grüße"],
        ["", "b", "c", "d", "e"],
      ],
      realloc,
      isLate: false,
    },
    {
      element: "(tuple u64 bool)",
      chunks: [[[5n, true]], [[6n, false]]],
      realloc: "",
      isLate: true,
    },
    {
      element: "(option string)",
      chunks: [[undefined, "x"]],
      realloc,
      isLate: true,
    },
  ])("of $element, late: $isLate", async ({ element, chunks, realloc: option, isLate }) => {
    const guest = await asyncGuest(copier(element, option));
    const source = sourceOf(chunks, isLate);
    const { result, done } = guest.start("copy", source);
    expect(await collect((await result) as StreamReader)).toEqual(
      chunks.flatMap((chunk) => [...(chunk as unknown[])]),
    );
    await done;
    expect(source.drops).toBe(1);
    expect(source.asked.every((max) => max === 4)).toBe(true);
    expect(guest.instance.end()).toBe(true);
  });
});

describe("the host's end of a guest's stream", () => {
  async function copying(source: StreamSource): Promise<{ guest: AsyncGuest; out: StreamReader }> {
    const guest = await asyncGuest(copier("u8"));
    return { guest, out: (await guest.call("copy", source)) as StreamReader };
  }

  test("a read takes no more than it asks for", async () => {
    const { out } = await copying(sourceOf([Uint8Array.of(1, 2, 3, 4)], true));
    expect(await out.read(1)).toEqual(Uint8Array.of(1));
    expect(await out.read(2)).toEqual(Uint8Array.of(2, 3));
    expect(await out.read()).toEqual(Uint8Array.of(4));
    expect(await out.read()).toBeUndefined();
  });

  test("a read that is taken back loses nothing", async () => {
    const waiting = Promise.withResolvers<Uint8Array>();
    let pulls = 0;
    const source: StreamSource<Uint8Array> = {
      pull: () => (pulls++ === 0 ? waiting.promise : undefined),
    };
    const { out } = await copying(source);
    const read = out.read();
    out.cancelRead();
    expect(await read).toEqual(new Uint8Array(0));
    waiting.resolve(Uint8Array.of(7));
    expect(await out.read()).toEqual(Uint8Array.of(7));
  });

  test("two reads at once are refused", async () => {
    const { out, guest } = await copying({ pull: () => new Promise(() => undefined) });
    const read = out.read();
    await expect(out.read()).rejects.toThrow("another read");
    guest.instance.end();
    await expect(read).rejects.toThrow("has ended");
  });

  test("dropping it ends the guest's writing, and so the source", async () => {
    const source = sourceOf([Uint8Array.of(1), Uint8Array.of(2)], false);
    const { out, guest } = await copying(source);
    out.drop();
    out.drop();
    await guest.instance.whenIdle();
    expect(source.drops).toBe(1);
  });

  test("an error of the source is a trap", async () => {
    const { out, guest } = await copying({ pull: () => Promise.reject(new Error("broken")) });
    const read = out.read();
    await expect(read).rejects.toThrow("broken");
    await expect(guest.call("copy", sourceOf([], false))).rejects.toThrow("broken");
    await expect(out.read()).rejects.toThrow("broken");
  });

  test("ending the instance drops the source and breaks the stream off", async () => {
    const source = sourceOf([new Promise(() => undefined)], true);
    const { out, guest } = await copying(source);
    const read = out.read();
    expect(guest.instance.end()).toBe(false);
    await expect(read).rejects.toThrow("has ended");
    expect(source.drops).toBe(1);
  });
});

describe("streams and futures pass through a guest", () => {
  /** `pass` returns what it gets. */
  const pass = (type: string): string =>
    guestText({
      definitions: `(type $T (${type}))`,
      builtins: [["return", "task.return (result $T)", i32(1, false)]],
      core: `(func (export "pass") (param i32) (result i32)
          (call $return (local.get 0)) (i32.const 0))
        (func (export "callback") (param i32 i32 i32) (result i32) unreachable)`,
      exports: `(func (export "pass") async (param "it" $T) (result $T)
          (canon lift (core func $core "pass") async (callback (core func $core "callback"))))`,
    });

  test("a source of the host comes back as a reader of the same items", async () => {
    const guest = await asyncGuest(pass("stream u8"));
    const source = sourceOf([Uint8Array.of(1, 2, 3)], true);
    const stream = (await guest.call("pass", source)) as StreamReader;
    expect(await stream.read(2)).toEqual(Uint8Array.of(1, 2));
    expect(await stream.read(2)).toEqual(Uint8Array.of(3));
    expect(await stream.read(2)).toBeUndefined();
    expect(source.drops).toBe(1);
  });

  test("a reader goes from one instance to another", async () => {
    const [first, second] = [await asyncGuest(copier("u8")), await asyncGuest(copier("u8"))];
    const between = await first.call("copy", sourceOf([Uint8Array.of(1, 2, 3, 4, 5)], true));
    const out = (await second.call("copy", between)) as StreamReader;
    expect(await collect(out)).toEqual([1, 2, 3, 4, 5]);
  });

  test("a promise comes back as a future of its value", async () => {
    const guest = await asyncGuest(pass("future string"));
    const future = (await guest.call("pass", Promise.resolve("value"))) as FutureReader;
    expect(await future.read()).toBe("value");
  });
});

describe("futures", () => {
  /** `add` waits for a number on its stack and writes one more into the future it has returned. */
  const adder = guestText({
    definitions: "(type $F (future u32))",
    builtins: [
      ["new", "future.new $F", "(result i64)"],
      ["read", `future.read $F ${memoryOption}`, i32(2)],
      ["write", `future.write $F ${memoryOption}`, i32(2)],
      ["drop-r", "future.drop-readable $F", i32(1, false)],
      ["drop-w", "future.drop-writable $F", i32(1, false)],
      ["return", "task.return (result $F)", i32(1, false)],
    ],
    core: `(func (export "add") (param $in i32) (local $pair i64) (local $out i32)
        (local.set $pair (call $new))
        (call $return (i32.wrap_i64 (local.get $pair)))
        (local.set $out (i32.wrap_i64 (i64.shr_u (local.get $pair) (i64.const 32))))
        (drop (call $read (local.get $in) (i32.const 64)))
        (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
        (drop (call $write (local.get $out) (i32.const 64)))
        (call $drop-r (local.get $in))
        (call $drop-w (local.get $out)))`,
    exports: `(func (export "add") async (param "in" $F) (result $F)
        (canon lift (core func $core "add") async ${memoryOption}))`,
  });

  test("go in and come out", async () => {
    const guest = await asyncGuest(adder);
    const { result, done } = guest.start("add", Promise.resolve(41));
    expect(await ((await result) as FutureReader).read()).toBe(42);
    await done;
    expect(guest.instance.end()).toBe(true);
  });

  test("drop is told to the source once, after the value too", async () => {
    const guest = await asyncGuest(adder);
    let drops = 0;
    const source = { value: Promise.resolve(1), drop: () => drops++ };
    const future = (await guest.call("add", source)) as FutureReader;
    expect(await future.read()).toBe(2);
    await guest.instance.whenIdle();
    expect(drops).toBe(1);
  });

  test("the reader learns that the writer's instance has ended", async () => {
    const guest = await asyncGuest(adder);
    const future = (await guest.call("add", new Promise(() => undefined))) as FutureReader;
    const read = future.read();
    guest.instance.end();
    await expect(read).rejects.toThrow("has ended");
  });

  test("nobody reads: the guest's write is over at once", async () => {
    const guest = await asyncGuest(adder);
    const { result, done } = guest.start("add", Promise.resolve(1));
    ((await result) as FutureReader).drop();
    await done;
    expect(guest.instance.end()).toBe(true);
  });
});

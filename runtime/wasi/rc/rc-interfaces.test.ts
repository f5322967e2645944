import { describe, expect, test } from "vitest";
import { err, ok } from "../../instance/host-interface.ts";
import type { ClocksContext, WasiContext } from "../context.ts";
import type { Pollable } from "../io/pollable.ts";
import { interfaces20231018, interfaces20231110, rcInterfaces } from "./rc-interfaces.ts";
import { releasedInterfaces } from "./released-interfaces.ts";
import { memoryStreamPair } from "./stream-fixture.ts";

const context = {
  clocks: { monotonicNs: () => 100n, wallNs: () => 0n } satisfies ClocksContext,
} as unknown as WasiContext;

function call(version: "10-18" | "11-10", path: string, ...values: unknown[]): unknown {
  const list = version === "10-18" ? interfaces20231018 : interfaces20231110;
  const [name, key = ""] = path.split("#");
  const found = list.find((candidate) => candidate.name === name)?.functions[key];
  if (found === undefined) throw new Error(`no function ${path}`);
  return found(context, ...values);
}

test("each candidate has every interface, under its own version only", () => {
  const names = releasedInterfaces.map(({ name }) => name);
  expect(interfaces20231018.map(({ name }) => name)).toEqual(names);
  expect(interfaces20231110.map(({ name }) => name)).toEqual(names);
  expect(new Set(rcInterfaces.map(({ version }) => version))).toEqual(
    new Set(["0.2.0-rc-2023-10-18", "0.2.0-rc-2023-11-10"]),
  );
});

test("what the released interfaces have stays as it is", () => {
  const released = releasedInterfaces.find(({ name }) => name === "wasi:random/random");
  const candidate = interfaces20231110.find(({ name }) => name === "wasi:random/random");
  expect(candidate?.functions).toEqual(released?.functions);
  expect(released?.version).toBe("0.2.12");
});

/** Where the candidates differ: names that the release does not have. */
test.each([
  ["10-18", "wasi:io/poll", "poll-list poll-one"],
  ["10-18", "wasi:io/streams", "[method]error.to-debug-string [method]output-stream.forward"],
  ["10-18", "wasi:clocks/monotonic-clock", "now resolution subscribe"],
  [
    "10-18",
    "wasi:filesystem/types",
    "[method]descriptor.access-at [method]descriptor.change-file-permissions-at " +
      "[method]descriptor.change-directory-permissions-at [method]descriptor.lock-shared " +
      "[method]descriptor.lock-exclusive [method]descriptor.try-lock-shared " +
      "[method]descriptor.try-lock-exclusive [method]descriptor.unlock",
  ],
  [
    "10-18",
    "wasi:sockets/tcp",
    "[method]tcp-socket.ipv6-only [method]tcp-socket.set-ipv6-only [method]tcp-socket.keep-alive " +
      "[method]tcp-socket.set-keep-alive [method]tcp-socket.no-delay " +
      "[method]tcp-socket.set-no-delay [method]tcp-socket.unicast-hop-limit " +
      "[method]tcp-socket.set-unicast-hop-limit",
  ],
  [
    "10-18",
    "wasi:sockets/udp",
    "[method]udp-socket.start-connect [method]udp-socket.finish-connect " +
      "[method]udp-socket.receive [method]udp-socket.send [method]udp-socket.ipv6-only " +
      "[method]udp-socket.set-ipv6-only",
  ],
  [
    "10-18",
    "wasi:http/types",
    "[method]outgoing-request.write [method]outgoing-response.write [constructor]fields",
  ],
  ["11-10", "wasi:sockets/tcp", "[method]tcp-socket.ipv6-only [method]tcp-socket.set-ipv6-only"],
  ["11-10", "wasi:sockets/udp", "[method]udp-socket.ipv6-only [method]udp-socket.set-ipv6-only"],
  [
    "11-10",
    "wasi:http/types",
    "[method]request-options.connect-timeout-ms [method]request-options.set-connect-timeout-ms " +
      "[method]request-options.first-byte-timeout-ms " +
      "[method]request-options.set-first-byte-timeout-ms " +
      "[method]request-options.between-bytes-timeout-ms " +
      "[method]request-options.set-between-bytes-timeout-ms",
  ],
])("%s has the functions of its time: %s", (version, name, keys) => {
  const list = version === "10-18" ? interfaces20231018 : interfaces20231110;
  const functions = list.find((candidate) => candidate.name === name)?.functions ?? {};
  expect(keys.split(" ").filter((key) => functions[key] === undefined)).toEqual([]);
});

describe("2023-10-18", () => {
  test("poll-list and poll-one wait as poll and block do", async () => {
    let isReady = false;
    const woken = Promise.withResolvers<void>();
    const pollable = { isReady: () => isReady, wait: () => woken.promise };
    const one = call("10-18", "wasi:io/poll#poll-one", pollable);
    const list = call("10-18", "wasi:io/poll#poll-list", [pollable]);
    expect(one).toBeInstanceOf(Promise);
    isReady = true;
    woken.resolve();
    await one;
    expect(await list).toEqual([0]);
    const poll = interfaces20231018.find(({ name }) => name === "wasi:io/poll");
    expect(poll?.suspending.has("poll-one")).toBe(true);
    expect(poll?.suspending.has("poll-list")).toBe(true);
  });

  test.each([
    [true, 50n, true],
    [true, 5_000_000_000n, false],
    [false, 0n, true],
    [false, 5_000_000_000n, false],
  ])("a clock's subscription: absolute %s, %d", (isAbsolute, when, expected) => {
    const path = "wasi:clocks/monotonic-clock#subscribe";
    const pollable = call("10-18", path, when, isAbsolute) as Pollable;
    // A deadline in the past lets the event loop turn once before it counts.
    pollable.isReady();
    expect(pollable.isReady()).toBe(expected);
  });

  test.each(["splice", "blocking-splice"])("%s takes its source away", async (name) => {
    const { input, output, events } = memoryStreamPair("hello");
    const answer = call(
      "10-18",
      `wasi:io/streams#[method]output-stream.${name}`,
      ...[output, input, 3n],
    );
    expect(await answer).toEqual(ok(3n));
    expect(events).toEqual(["write hel", "dispose input"]);
  });

  test("forward traps", () => {
    const { input, output } = memoryStreamPair("hello");
    expect(() =>
      call("10-18", "wasi:io/streams#[method]output-stream.forward", output, input),
    ).toThrow(/forward .* not supported/);
  });

  test.each([
    ["wasi:filesystem/types#[method]descriptor.lock-shared", "unsupported"],
    ["wasi:sockets/tcp#[method]tcp-socket.no-delay", "not-supported"],
    ["wasi:sockets/udp#[method]udp-socket.ipv6-only", "not-supported"],
  ])("%s answers %s", (path, code) => {
    expect(call("10-18", path, {})).toEqual(err(code));
  });
});

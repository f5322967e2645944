import { expect, test } from "vitest";
import { profileShares } from "./profile-parts.ts";

test.each([
  ["(idle)", "", undefined],
  ["(program)", "", "kernel, libuv, V8 itself"],
  ["(garbage collector)", "", "garbage collection"],
  ["writeLatin1String", "", "sockets: read and write"],
  ["read", "", "sockets: read and write"],
  ["latin1Slice", "", "built-in functions"],
  ["T.<computed>", "", "the rest of Whorl"],
  ["nextTick", "node:internal/process/task_queues", "Node's JavaScript"],
  ["wasm-to-js", "", "guest"],
  ["handle", "wasm://wasm/0004d7fe", "guest"],
  ["end", "file:///w/runtime/telemetry/record/recorded-invocation.ts", "telemetry"],
  ["take", "file:///w/runtime/trigger/loaded-component.ts", "the rest of Whorl"],
])("%s of %s is %s", (name, url, part) => {
  const shares = profileShares([{ name, url, samples: 3 }]);
  const found = [...shares].filter(([, share]) => share > 0);
  expect(found).toEqual(part === undefined ? [] : [[part, 1]]);
});

import { expect, test } from "vitest";
import { invocationLimits } from "./invocation-limits.ts";

test("a container that says nothing has no limits of its own", () => {
  expect(invocationLimits([["PATH", "/bin"]])).toEqual({});
});

test("each variable is a limit, and the last value holds", () => {
  expect(
    invocationLimits([
      ["SPIN_MAX_INSTANCE_MEMORY", "1"],
      ["SPIN_MAX_INSTANCE_MEMORY", "33554432"],
      ["WHORL_INVOCATION_TIME_MS", "2000"],
      ["WHORL_INVOCATION_CPU_MS", "500"],
      ["WHORL_INVOCATIONS_MAX", "7"],
    ]),
  ).toEqual({ memoryBytesMax: 33_554_432, callMsMax: 2000, cpuMsMax: 500, instancesMax: 7 });
});

test.each(["", "0", "-1", "1.5", "1e3", "128Mi", "9007199254740993", " 1"])(
  "%j is refused",
  (text) => {
    expect(() => invocationLimits([["WHORL_INVOCATIONS_MAX", text]])).toThrow(
      `WHORL_INVOCATIONS_MAX is "${text}": write a whole number above zero`,
    );
  },
);

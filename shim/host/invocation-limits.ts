import type { InstanceLimits } from "../../runtime/limits.ts";
import { ShimError } from "../error.ts";

type Environment = readonly (readonly [string, string])[];

const variables = {
  SPIN_MAX_INSTANCE_MEMORY: "memoryBytesMax",
  WHORL_INVOCATION_TIME_MS: "callMsMax",
  WHORL_INVOCATION_CPU_MS: "cpuMsMax",
  WHORL_INVOCATIONS_MAX: "instancesMax",
} as const satisfies Readonly<Record<string, keyof InstanceLimits>>;

/**
 * What the container's environment bounds invocations to: bytes, milliseconds, and how many there
 * are at once. Empty for a container without such variables.
 * @throws ShimError `invalid_argument` for what is no whole number above zero
 */
export function invocationLimits(environment: Environment): Partial<InstanceLimits> {
  const given = new Map(environment);
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, limit]) => {
      const text = given.get(name);
      return text === undefined ? [] : [[limit, wholeNumber(name, text)]];
    }),
  );
}

function wholeNumber(name: string, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value > 0 && Number.isSafeInteger(value)) return value;
  throw new ShimError("invalid_argument", `${name} is "${text}": write a whole number above zero`);
}

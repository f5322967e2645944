import type { HostInterface } from "../../instance/host-interface.ts";

/** Calls a function of an interface by its name, as a guest would. For tests. */
export function callHost<C>(
  host: HostInterface<C>,
  context: C,
  name: string,
  ...values: unknown[]
): unknown {
  const run = host.functions[name];
  if (run === undefined) throw new Error(`${host.name} has no function ${name}`);
  return run(context, ...values);
}

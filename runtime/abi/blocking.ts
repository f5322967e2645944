import type { Plan, PlanExport, Trampoline } from "../component/plan.ts";
import type { FuncType, ValueType } from "../component/types.ts";
import type { HostBinding } from "./compile.ts";

/** Whether anything of a component needs tasks: else its functions are called straight away. */
export function isAsynchronous(plan: Plan): boolean {
  if (plan.trampolines.some(needsTasks)) return true;
  return hasAsyncExport(plan.exports);
}

function needsTasks(trampoline: Trampoline): boolean {
  if (trampoline.kind === "builtin") return true;
  return trampoline.kind === "lower" && needsTasksForType(trampoline.function.type);
}

function needsTasksForType(type: FuncType): boolean {
  if (type.async) return true;
  const values = type.params.map((param) => param.type);
  if (type.result !== undefined) values.push(type.result);
  return values.some(holdsAsyncValue);
}

function hasAsyncExport(exports: ReadonlyMap<string, PlanExport>): boolean {
  for (const item of exports.values()) {
    if (item.kind === "instance" && hasAsyncExport(item.exports)) return true;
    if (item.kind !== "func") continue;
    if (item.function.kind === "lift" && needsTasksForType(item.function.type)) return true;
  }
  return false;
}

function holdsAsyncValue(type: ValueType): boolean {
  switch (type.kind) {
    case "stream":
    case "future":
    case "error-context":
      return true;
    case "list":
      return holdsAsyncValue(type.element);
    case "record":
      return type.fields.some((field) => holdsAsyncValue(field.type));
    case "tuple":
      return type.items.some(holdsAsyncValue);
    case "variant":
      return type.cases.some((each) => each.type !== undefined && holdsAsyncValue(each.type));
    case "option":
      return holdsAsyncValue(type.some);
    case "result":
      return [type.ok, type.err].some((each) => each !== undefined && holdsAsyncValue(each));
    default:
      return false;
  }
}

const blockingBuiltins: ReadonlySet<string> = new Set([
  "waitable-set.wait",
  "thread.yield",
  // Runs core code of a type that only a runner checks.
  "thread.new-indirect",
  "thread.suspend",
  "thread.suspend-then-resume",
  "thread.yield-then-resume",
  "thread.suspend-then-promote",
  "thread.yield-then-promote",
]);

const copies: ReadonlySet<string> = new Set([
  "stream.read",
  "stream.write",
  "future.read",
  "future.write",
]);

/** Which trampolines of a plan may have to wait on the guest's stack. */
export function blockingTrampolines(
  plan: Plan,
  hosts: readonly (HostBinding | undefined)[],
): boolean[] {
  const callsGuests = plan.trampolines.some(
    (each) => each.kind === "lower" && each.function.kind === "lift" && each.options.async,
  );
  const own = plan.trampolines.map((each) => blocksItself(each, hosts, callsGuests));
  if (!own.includes(true)) return own;
  // What calls another component instance has to wait for it while that one blocks.
  return plan.trampolines.map(
    (trampoline, index) =>
      own[index] === true ||
      (trampoline.kind === "lower" && trampoline.function.kind === "lift") ||
      (trampoline.kind === "builtin" && trampoline.name === "subtask.cancel"),
  );
}

function blocksItself(
  trampoline: Trampoline,
  hosts: readonly (HostBinding | undefined)[],
  callsGuests: boolean,
): boolean {
  if (trampoline.kind === "builtin") {
    const { name, options, immediates } = trampoline;
    if (blockingBuiltins.has(name)) return true;
    if (copies.has(name)) return !options.async;
    // A call of the host ends at once when it is cancelled; one of a guest may take its time.
    return name === "subtask.cancel" && immediates[0] === 0 && callsGuests;
  }
  if (trampoline.kind !== "lower") return false;
  const { function: callee, options } = trampoline;
  if (callee.type.async) return !options.async;
  return callee.kind === "import" && hosts[callee.import]?.suspends === true;
}

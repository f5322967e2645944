import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createdState,
  type Exit,
  type TaskEffect,
  type TaskInput,
  type TaskState,
  transition,
} from "./task-state.ts";

const exit: Exit = { status: 3, atMs: 1000, isOutOfMemory: false };
const oomExit: Exit = { status: 137, atMs: 1000, isOutOfMemory: true };
const states: Readonly<Record<string, TaskState>> = {
  created: createdState,
  "created, host gone": { kind: "created", ended: exit },
  running: { kind: "running" },
  paused: { kind: "paused" },
  stopped: { kind: "stopped", exit },
  deleted: { kind: "deleted", exit },
};

function names(effects: readonly TaskEffect[]): string[] {
  return effects.map((effect) =>
    effect.kind === "publish" ? `publish ${effect.event}` : effect.kind,
  );
}

/** `-> state: effects`, or the code of the refusal. */
function outcome(state: string, input: TaskInput): string {
  const from = states[state];
  if (from === undefined) throw new Error(state);
  const step = transition(from, input);
  if ("refused" in step) return step.refused;
  return [step.next.kind, ...names(step.effects)].join(", ");
}

const killed = { kind: "kill", signal: 9 } as const;
const term = { kind: "kill", signal: 15 } as const;
const hup = { kind: "kill", signal: 1 } as const;
const hostEnded = { kind: "host-ended", exit } as const;

describe("the table", () => {
  test.each<[string, TaskInput, string]>([
    ["created", { kind: "start" }, "running, serve, publish start"],
    ["created, host gone", { kind: "start" }, "stopped, publish start, publish exit, settle"],
    ["running", { kind: "start" }, "failed_precondition"],
    ["paused", { kind: "start" }, "failed_precondition"],
    ["stopped", { kind: "start" }, "failed_precondition"],
    ["deleted", { kind: "start" }, "failed_precondition"],
    ["created", killed, "created, kill"],
    ["created", term, "created, kill"],
    ["created", hup, "created"],
    ["created, host gone", killed, "stopped, publish exit, settle"],
    ["running", killed, "running, kill"],
    ["running", term, "running, drain"],
    ["running", hup, "running"],
    ["paused", killed, "paused, kill, thaw"],
    ["paused", term, "paused"],
    ["stopped", killed, "not_found"],
    ["deleted", killed, "not_found"],
    ["created", { kind: "pause" }, "failed_precondition"],
    ["running", { kind: "pause" }, "paused, freeze, publish paused"],
    ["paused", { kind: "pause" }, "paused"],
    ["stopped", { kind: "pause" }, "failed_precondition"],
    ["created", { kind: "resume" }, "failed_precondition"],
    ["running", { kind: "resume" }, "running"],
    ["paused", { kind: "resume" }, "running, thaw, publish resumed"],
    ["stopped", { kind: "resume" }, "failed_precondition"],
    ["created", { kind: "delete" }, "deleted, kill, release"],
    ["running", { kind: "delete" }, "failed_precondition"],
    ["paused", { kind: "delete" }, "failed_precondition"],
    ["stopped", { kind: "delete" }, "deleted, release, publish delete"],
    ["deleted", { kind: "delete" }, "not_found"],
    ["created", hostEnded, "created"],
    ["running", hostEnded, "stopped, publish exit, settle"],
    [
      "running",
      { kind: "host-ended", exit: oomExit },
      "stopped, publish oom, publish exit, settle",
    ],
    ["paused", hostEnded, "stopped, publish exit, settle"],
    ["stopped", hostEnded, "stopped"],
    ["deleted", hostEnded, "deleted"],
  ])("%s, %o: %s", (state, input, expected) => {
    expect(outcome(state, input)).toBe(expected);
  });
});

const anyInput = fc.oneof(
  fc.constantFrom<TaskInput>(
    { kind: "start" },
    { kind: "pause" },
    { kind: "resume" },
    { kind: "delete" },
    hostEnded,
    { kind: "host-ended", exit: oomExit },
  ),
  fc.record({ kind: fc.constant("kill" as const), signal: fc.nat(64) }),
);

function effectsOf(inputs: readonly TaskInput[]): string[] {
  let state: TaskState = createdState;
  const effects: string[] = [];
  for (const input of inputs) {
    const step = transition(state, input);
    if ("refused" in step) continue;
    state = step.next;
    effects.push(...names(step.effects));
  }
  return effects;
}

test("whatever happens in whatever order, start is published before exit, and both once", () => {
  fc.assert(
    fc.property(fc.array(anyInput, { maxLength: 12 }), (inputs) => {
      const published = effectsOf(inputs).filter((name) => name.startsWith("publish"));
      expect(published.filter((name) => name === "publish start").length).toBeLessThanOrEqual(1);
      expect(published.filter((name) => name === "publish exit").length).toBeLessThanOrEqual(1);
      const [started, exited] = [
        published.indexOf("publish start"),
        published.indexOf("publish exit"),
      ];
      if (started >= 0 && exited >= 0) expect(started).toBeLessThan(exited);
    }),
  );
});

test("nothing is released twice, and nothing is published after delete", () => {
  fc.assert(
    fc.property(fc.array(anyInput, { maxLength: 12 }), (inputs) => {
      const effects = effectsOf(inputs);
      expect(effects.filter((name) => name === "release").length).toBeLessThanOrEqual(1);
      const deleted = effects.indexOf("publish delete");
      if (deleted >= 0) expect(deleted).toBe(effects.length - 1);
    }),
  );
});

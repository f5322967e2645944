import { expect, test } from "vitest";
import type { SeatCommand } from "./protocol.ts";
import { SeatTable } from "./seat-table.ts";

const prepare = { kind: "prepare", spec: {}, descriptors: "a/1" } as unknown as SeatCommand;

/** A table whose seats end when they are told to be removed. */
function table(): { readonly seats: SeatTable<never>; readonly said: string[] } {
  const said: string[] = [];
  const seats = new SeatTable({
    drop: (message) => void said.push(`drop ${message}`),
    open: (id, onEnd) => ({
      async handle({ kind }): Promise<void> {
        said.push(`${id} ${kind}`);
        if (kind === "remove") onEnd();
        await Promise.resolve();
      },
    }),
  });
  return { seats: seats as SeatTable<never>, said };
}

test("a seat is there from being prepared to its end", async () => {
  const { seats, said } = table();
  for (const command of [prepare, { kind: "serve" }, { kind: "remove" }, prepare] as const) {
    await seats.handle("a", command);
  }
  expect(said).toEqual(["a prepare", "a serve", "a remove", "a prepare"]);
});

test.each<{ readonly command: SeatCommand; readonly expected: readonly string[] }>([
  { command: { kind: "measure" }, expected: [] },
  { command: { kind: "drain" }, expected: [] },
  { command: { kind: "remove" }, expected: [] },
  { command: { kind: "given", request: 1, result: { error: "no" } }, expected: [] },
  {
    command: { kind: "given", request: 1, result: { descriptors: "a/2" } },
    expected: ["drop a/2"],
  },
])("$command that comes after the end opens no seat", async ({ command, expected }) => {
  const { seats, said } = table();
  await seats.handle("a", command);
  expect(said).toEqual(expected);
});

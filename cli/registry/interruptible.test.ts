import { once } from "node:events";
import { expect, test } from "vitest";
import { createCaptureIo } from "../capture-io.ts";
import { interruptible } from "./interruptible.ts";

function commandOf(): { io: ReturnType<typeof createCaptureIo>; codes: number[] } & {
  finish(code: number): void;
} {
  const codes: number[] = [];
  return { io: createCaptureIo(), codes, finish: (code) => void codes.push(code) };
}

test("what comes to its end says nothing", async () => {
  const command = commandOf();
  await interruptible(command, () => Promise.resolve());
  expect(command.codes).toEqual([]);
  expect(command.io.written.stderr).toBe("");
});

test("an error is thrown on", async () => {
  const failing = interruptible(commandOf(), () => Promise.reject(new Error("broken")));
  await expect(failing).rejects.toThrow("broken");
});

test("the first signal aborts, and the end waits until everything is put away", async () => {
  const command = commandOf();
  const told: string[] = [];
  const running = interruptible(command, async (signal, io) => {
    const name = io.signals.next();
    await once(signal, "abort");
    told.push(await name, "put away");
    throw signal.reason;
  });
  command.io.send("SIGINT");
  await running;
  expect(told).toEqual(["SIGINT", "put away"]);
  expect(command.codes).toEqual([130]);
  expect(command.io.written.stderr).toBe("SIGINT: given up\n");
});

test("the second signal does not wait", async () => {
  const command = commandOf();
  const running = interruptible(command, () => new Promise(() => undefined));
  command.io.send("SIGINT");
  command.io.send("SIGTERM");
  await running;
  expect(command.codes).toEqual([130]);
});

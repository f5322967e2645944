import { expect, test, vi } from "vitest";
import { ConnectionSlots, connectionState } from "./connection-slots.ts";

test("what one thread notes another one sees", () => {
  const doorman = new ConnectionSlots({ slots: 8, workers: 3 });
  const worker = new ConnectionSlots(doorman.buffer);
  expect(worker.capacity).toBe(8);
  worker.set(7, connectionState.answering);
  worker.count(2, 1);
  expect(doorman.state(7)).toBe(connectionState.answering);
  expect(doorman.state(0)).toBe(connectionState.handedOver);
  expect([0, 1, 2].map((index) => doorman.active(index))).toEqual([0, 0, 1]);
});

test("a state is changed by one of two only", () => {
  const slots = new ConnectionSlots({ slots: 1, workers: 1 });
  const { handedOver, takenBack, idle } = connectionState;
  expect(slots.change(0, handedOver, takenBack)).toBe(true);
  expect(slots.change(0, handedOver, idle)).toBe(false);
  expect(slots.state(0)).toBe(takenBack);
});

test("a worker is silent when it has requests and nothing has happened for a while", () => {
  const now = vi.spyOn(performance, "now").mockReturnValue(1_000);
  const slots = new ConnectionSlots({ slots: 1, workers: 1 });
  const isSilent = (): boolean => slots.isSilent(0, 20);
  expect(isSilent()).toBe(false);
  slots.count(0, 1);
  now.mockReturnValue(1_020);
  expect(isSilent()).toBe(false);
  now.mockReturnValue(1_030);
  expect(isSilent()).toBe(true);
  slots.count(0, -1);
  expect(isSilent()).toBe(false);
  now.mockRestore();
});

test("a worker that begins has nothing of the one before", () => {
  const slots = new ConnectionSlots({ slots: 1, workers: 2 });
  slots.count(0, 1);
  slots.count(1, 1);
  slots.clear(1);
  expect([slots.active(0), slots.active(1)]).toEqual([1, 0]);
});

import { expect, test } from "vitest";
import { medianSplit, spansOfTrace, splitCall } from "./call-parts.ts";

function hex(bytes: Buffer): string {
  return `"${[...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}"`;
}

/** A ttrpc frame, as strace prints it. */
function frame(stream: number, type: 1 | 2, text = ""): string {
  return hex(bytesOf(stream, type, text));
}

function bytesOf(stream: number, type: 1 | 2, text = ""): Buffer {
  const header = Buffer.alloc(10);
  header.writeUInt32BE(text.length, 0);
  header.writeUInt32BE(stream, 4);
  header.writeUInt8(type, 8);
  return Buffer.concat([header, Buffer.from(text)]);
}

const task = "\n\x17containerd.task.v3.Task";
const shim = hex(Buffer.from("/opt/whorl/bin/containerd-shim-whorl-v1"));

/** One call from 10.000 to 10.020. */
const trace = [
  `7 10.001 write(30, ${frame(5, 1, `${task}\x12\x04Kill`)}, 40) = 40 <0.000010>`,
  // Another process has the same number for something else.
  `9 10.002 read(30, ${frame(5, 1, `${task}\x12\x04Kill`)}, 4096) = 40 <0.000010>`,
  `7 10.002 write(30, ${frame(7, 1, `${task}\x12\x04Wait`)}, 40) = 40 <0.000010>`,
  "8 10.003 read(30,  <unfinished ...>",
  `8 10.004 <... read resumed>${hex(Buffer.concat([bytesOf(7, 2), bytesOf(5, 2)]))}, 4096) = 20 <0.001000>`,
  "8 10.005 read(30, 0x29c3c4ebb000, 4096) = -1 EAGAIN (Resource temporarily unavailable) <0.1>",
  `20 10.006 execve(${shim}, [${shim}], 0x1) = 0 <0.000400>`,
  "20 10.011 +++ exited with 0 +++",
  "7 10.012 fsync(22)       = 0 <0.002000>",
  `7 10.015 write(30, ${frame(9, 1, `${task}\x12\x05State`)}, 40 <unfinished ...>`,
  "7 10.015 <... write resumed>) = 40 <0.000100>",
  `7 10.016 read(30, ${frame(9, 2)}, 4096) = 10 <0.001000>`,
  `21 9.000 execve(${shim}, [${shim}], 0x1) = 0 <0.000400>`,
  "21 10.030 +++ exited with 0 +++",
  "no line of strace",
].join("\n");

const call = { fromMs: 10_000, toMs: 10_020 };

test("splitCall gives each moment to what was under way", () => {
  const { whole, containerd, parts } = splitCall(call, spansOfTrace(trace));
  expect(whole).toBe(20);
  expect(parts["shim program"].count).toBe(1);
  expect(parts["shim program"].ms).toBeCloseTo(5, 3);
  expect(parts["files synced"].count).toBe(1);
  expect(parts["files synced"].ms).toBeCloseTo(2, 3);
  expect(parts["shim's answers"].count).toBe(2);
  expect(parts["shim's answers"].ms).toBeCloseTo(3 + 2, 3);
  expect(containerd).toBeCloseTo(20 - 5 - 2 - 5, 3);
});

test("splitCall counts a moment once where two things are under way", () => {
  const split = splitCall(call, [
    { part: "shim's answers", fromMs: 10_001, toMs: 10_011 },
    { part: "files synced", fromMs: 10_005, toMs: 10_007 },
    { part: "shim's answers", fromMs: 10_018, toMs: 10_028 },
  ]);
  expect(split.parts["files synced"].ms).toBeCloseTo(2);
  expect(split.parts["shim's answers"].ms).toBeCloseTo(8 + 2);
  expect(split.containerd).toBeCloseTo(8);
});

test("medianSplit takes the median of each figure", () => {
  const split = (whole: number): ReturnType<typeof splitCall> =>
    splitCall({ fromMs: 0, toMs: whole }, [{ part: "files synced", fromMs: 0, toMs: whole / 2 }]);
  const found = medianSplit([split(4), split(20), split(8)]);
  expect(found.whole).toBe(8);
  expect(found.containerd).toBe(4);
  expect(found.parts["files synced"]).toEqual({ ms: 4, count: 1 });
});

import { describe, expect, test } from "vitest";
import { type BpfInstruction, encodeFilter, syscallFilter } from "./syscall-filter.ts";

/** What the kernel would return, by an interpreter of the five instructions that are used. */
function verdict(
  filter: readonly BpfInstruction[],
  call: { architecture: number; number: number; argument?: number },
): string {
  const loads: Readonly<Record<number, number>> = {
    0: call.number,
    4: call.architecture,
    16: call.argument ?? 0,
  };
  let accumulator = 0;
  for (let at = 0; ; at += 1) {
    const { code, ifTrue, ifFalse, value } = filter[at] ?? endless;
    if (code === 0x06) return value.toString(16);
    if (code === 0x20) accumulator = loads[value] ?? 0;
    else if (code === 0x15) at += accumulator === value ? ifTrue : ifFalse;
    else if (code === 0x35) at += accumulator >= value ? ifTrue : ifFalse;
    else if (code === 0x45) at += (accumulator & value) === 0 ? ifFalse : ifTrue;
    else throw new Error(`code ${code} at ${at}`);
  }
}

/** What follows a program without an end. */
const endless: BpfInstruction = { code: -1, ifTrue: 0, ifFalse: 0, value: 0 };

const allow = "7fff0000";
const refuse = "50001";

describe("x64", () => {
  const filter = syscallFilter("x64");
  const architecture = 0xc000_003e;

  test.each([
    ["read", 0, allow],
    ["mmap", 9, allow],
    ["socket", 41, allow],
    ["openat", 257, allow],
    ["execve", 59, refuse],
    ["ptrace", 101, refuse],
    ["mount", 165, refuse],
    ["unshare", 272, refuse],
    ["setns", 308, refuse],
    ["bpf", 321, refuse],
    ["io_uring_setup", 425, refuse],
    ["clone3", 435, "50026"],
    ["an x32 call", 0x4000_0000, refuse],
  ])("%s", (_name, number, expected) => {
    expect(verdict(filter, { architecture, number })).toBe(expected);
  });

  test("a thread may be made, a process not", () => {
    const argument = 0x003d_0f00;
    expect(verdict(filter, { architecture, number: 56, argument })).toBe(allow);
    expect(verdict(filter, { architecture, number: 56, argument: 17 })).toBe(refuse);
  });

  test("another architecture's call ends the process", () => {
    expect(verdict(filter, { architecture: 0x4000_0003, number: 0 })).toBe("80000000");
  });
});

test("arm64 has its own numbers", () => {
  const filter = syscallFilter("arm64");
  const architecture = 0xc000_00b7;
  expect(verdict(filter, { architecture, number: 221 })).toBe(refuse);
  expect(verdict(filter, { architecture, number: 59 })).toBe(allow);
});

test("another architecture has none", () => {
  expect(() => syscallFilter("riscv64")).toThrow("no system call filter for riscv64");
});

test("the encoding is struct sock_filter", () => {
  const bytes = encodeFilter([{ code: 0x15, ifTrue: 1, ifFalse: 2, value: 0xc000_003e }]);
  expect(bytes.toString("hex")).toBe("150001023e0000c0");
});

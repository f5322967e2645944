import { ShimError } from "../error.ts";

/** What a filter is made for. */
interface Architecture {
  /** AUDIT_ARCH of linux/audit.h. */
  readonly audit: number;
  readonly clone: number;
  readonly clone3: number;
  /** From this number on calls belong to another convention (x32). */
  readonly foreignFrom: number | undefined;
  readonly denied: readonly number[];
}

/** Calls with the same number everywhere: io_uring_setup, the new mount calls, pidfd_getfd. */
const deniedEverywhere = [425, 428, 429, 430, 431, 432, 433, 438, 442];

/**
 * What a process that runs guests never needs: starting programs, looking into other processes,
 * mounts, namespaces, modules, keys, clocks, eBPF, performance counters.
 */
const architectures: Readonly<Record<string, Architecture>> = {
  x64: {
    audit: 0xc000_003e,
    clone: 56,
    clone3: 435,
    foreignFrom: 0x4000_0000,
    denied: [
      57,
      58,
      59,
      101,
      103,
      135,
      153,
      154,
      155,
      159,
      161,
      163,
      164,
      165,
      166,
      167,
      168,
      169,
      170,
      171,
      172,
      173,
      175,
      176,
      179,
      212,
      227,
      246,
      248,
      249,
      250,
      272,
      298,
      303,
      304,
      305,
      308,
      310,
      311,
      312,
      313,
      320,
      321,
      322,
      323,
      ...deniedEverywhere,
    ],
  },
  arm64: {
    audit: 0xc000_00b7,
    clone: 220,
    clone3: 435,
    foreignFrom: undefined,
    denied: [
      39,
      40,
      41,
      51,
      58,
      60,
      89,
      92,
      97,
      104,
      105,
      106,
      112,
      116,
      117,
      142,
      161,
      162,
      170,
      171,
      217,
      218,
      219,
      221,
      224,
      225,
      241,
      264,
      265,
      266,
      268,
      270,
      271,
      272,
      273,
      280,
      281,
      282,
      294,
      ...deniedEverywhere,
    ],
  },
};

const returns = {
  allow: 0x7fff_0000,
  killProcess: 0x8000_0000,
  /** EPERM. */
  refuse: 0x0005_0001,
  /** ENOSYS: the C library then takes the older call. */
  missing: 0x0005_0026,
} as const;

/** Offsets in struct seccomp_data. */
const data = { number: 0, architecture: 4, firstArgument: 16 } as const;
const codes = { load: 0x20, equal: 0x15, atLeast: 0x35, hasBits: 0x45, return: 0x06 } as const;
const cloneThread = 0x0001_0000;

/** One instruction of classic BPF (linux/filter.h); jumps count from the next instruction. */
export interface BpfInstruction {
  readonly code: number;
  readonly ifTrue: number;
  readonly ifFalse: number;
  readonly value: number;
}

/**
 * A seccomp filter for processes that run guests. New threads are allowed, new processes are not.
 * @param architecture as `process.arch`
 * @throws ShimError `unimplemented`
 */
export function syscallFilter(architecture: string): readonly BpfInstruction[] {
  const known = architectures[architecture];
  if (known === undefined) {
    throw new ShimError("unimplemented", `there is no system call filter for ${architecture}`);
  }
  const { audit, clone, clone3, foreignFrom, denied } = known;
  return [
    load(data.architecture),
    jump(codes.equal, audit, 1, 0),
    give(returns.killProcess),
    load(data.number),
    ...(foreignFrom === undefined
      ? []
      : [jump(codes.atLeast, foreignFrom, 0, 1), give(returns.refuse)]),
    jump(codes.equal, clone3, 0, 1),
    give(returns.missing),
    ...denied.flatMap((number) => [jump(codes.equal, number, 0, 1), give(returns.refuse)]),
    jump(codes.equal, clone, 0, 3),
    load(data.firstArgument),
    jump(codes.hasBits, cloneThread, 1, 0),
    give(returns.refuse),
    give(returns.allow),
  ];
}

/** As the kernel takes them: an array of struct sock_filter. */
export function encodeFilter(filter: readonly BpfInstruction[]): Buffer {
  const bytes = Buffer.alloc(filter.length * 8);
  for (const [index, { code, ifTrue, ifFalse, value }] of filter.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  }
  return bytes;
}

function load(offset: number): BpfInstruction {
  return { code: codes.load, ifTrue: 0, ifFalse: 0, value: offset };
}

function jump(code: number, value: number, ifTrue: number, ifFalse: number): BpfInstruction {
  return { code, ifTrue, ifFalse, value };
}

function give(value: number): BpfInstruction {
  return { code: codes.return, ifTrue: 0, ifFalse: 0, value };
}

import { median } from "./statistics.ts";

/** The system calls that one connection makes, in this order. */
const marks = [
  { name: "accepted", call: /^accept4\(/ },
  { name: "its app known, handed to a worker", call: /^dup\(/ },
  { name: "the worker looks at it", call: /^ioctl\(\d+, TCGETS/ },
  { name: "its socket made", call: /^ioctl\(\d+, FIONBIO/ },
  { name: "answered", call: /^write\(\d+, "HTTP\/1\.1/ },
] as const;

const lineOfCall = /^\d+ +(?<at>\d+\.\d+) (?<call>.*)$/;

/**
 * The milliseconds between the marks of each connection in what `strace -f -ttt` wrote; connections
 * that overlap, or lack one of the marks, are left out.
 */
export function stagesOfTrace(trace: string): number[][] {
  const found: number[][] = [];
  let times: number[] = [];
  for (const line of trace.split("\n")) {
    const { at, call } = lineOfCall.exec(line)?.groups ?? {};
    if (at === undefined || call === undefined) continue;
    const index = marks.findIndex((mark) => mark.call.test(call));
    if (index === 0) times = [];
    if (index !== times.length || index < 0) continue;
    times.push(Number(at) * 1000);
    if (times.length < marks.length) continue;
    found.push(times.slice(1).map((time, before) => time - (times[before] ?? time)));
    times = [];
  }
  return found;
}

/** The median of each stage, with the name of what ends it. */
export function medianStages(
  connections: readonly (readonly number[])[],
): readonly (readonly [stage: string, ms: number])[] {
  return marks.slice(1).map(({ name }, stage) => {
    const all = connections.map((times) => times[stage] ?? 0);
    return [name, all.length === 0 ? Number.NaN : median(all)];
  });
}

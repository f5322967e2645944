import { expect, test } from "vitest";
import { medianStages, stagesOfTrace } from "./trace-stages.ts";

const connection = (fromMs: number): string[] => {
  const at = (afterMs: number): string => ((fromMs + afterMs) / 1000).toFixed(6);
  return [
    `10 ${at(0)} accept4(27, NULL, NULL, SOCK_CLOEXEC|SOCK_NONBLOCK) = 38`,
    `10 ${at(2)} dup(38)         = 45`,
    `10 ${at(2.5)} write(25, "\\1\\0\\0\\0\\0\\0\\0\\0", 8) = 8`,
    `11 ${at(3)} ioctl(45, TCGETS, 0x7f25105ce750) = -1 ENOTTY`,
    `11 ${at(4)} ioctl(45, FIONBIO, [1]) = 0`,
    `11 ${at(8)} write(45, "HTTP/1.1 200 OK\\r\\nco"..., 138 <unfinished ...>`,
  ];
};

test("each connection has its stages, in milliseconds", () => {
  const trace = [...connection(1000), ...connection(2000)].join("\n");
  const rounded = stagesOfTrace(trace).map((times) => times.map(Math.round));
  expect(rounded).toEqual([
    [2, 1, 1, 4],
    [2, 1, 1, 4],
  ]);
});

test.each([
  ["the dup is missing", connection(1000).filter((line) => !line.includes("dup("))],
  ["never answered", connection(1000).slice(0, -1)],
  ["nothing was traced", []],
  ["something else", ["strace: Process 13822 attached with 14 threads", "10 +++ exited +++"]],
])("left out: %s", (_, lines) => {
  expect(stagesOfTrace(lines.join("\n"))).toEqual([]);
});

test("medians carry the name of what ends the stage", () => {
  expect(
    medianStages([
      [1, 1, 1, 1],
      [3, 2, 1, 9],
      [5, 3, 1, 4],
    ]),
  ).toEqual([
    ["its app known, handed to a worker", 3],
    ["the worker looks at it", 2],
    ["its socket made", 1],
    ["answered", 4],
  ]);
});

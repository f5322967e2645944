import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { figuresText, withFigures } from "./figures-page.ts";
import { newestOf, parseResult, publishedResults } from "./results.ts";
import type { Result } from "./results.ts";

function result(name: string, more: object): [string, Result] {
  const machine = { cpu: "Fast", cores: 2, memoryGiB: 8, kernel: "6.1.0 x64", node: "v26.0.0" };
  const date = "2026-11-21T20:29:06.296Z";
  return [name, parseResult(JSON.stringify({ name, date, machine, ...more }), "")];
}

const verdicts = [
  { figure: "first byte, p50", measured: 0.734, unit: "ms", reach: { atMost: 1 } },
  { figure: "answers", measured: 99.5, unit: "%", reach: { atLeast: 100 } },
];

const drawn = { raw: [{ kind: "rust", ms: [1, 2], floorMs: [1] }] };

test("plots are shown where there are results to draw", () => {
  const text = figuresText(new Map([result("cold", { verdicts, ...drawn })]));
  expect(text.match(/!\[.*\)/g)).toEqual([
    "![Idle app: connect to first byte](performance/cold.svg)",
  ]);
});

test("each verdict is a row", () => {
  const text = figuresText(new Map([result("cold", { verdicts, ...drawn })]));
  expect(text).toContain("| `bench:cold` | first byte, p50 | <= 1 ms | 0.73 ms | reached |");
  expect(text).toContain("| `bench:cold` | answers | >= 100 % | 99.5 % | **missed** |");
});

test("a noisy machine gives no verdict and says why", () => {
  const lines = [["a | b", "1 ms"]];
  const calibration = { noise: "the machine is busy" };
  const text = figuresText(new Map([result("http", { verdicts, lines, calibration })]));
  expect(text).not.toContain("reached |");
  expect(text).toContain("`npm run bench:http` (no verdict: the machine is busy):");
  expect(text).toContain("| a \\| b | 1 ms |");
});

test("the machine, the versions and what is missing are named", () => {
  const versions = { whorl: "1.2.3", "wasmtime serve": "wasmtime 49.0.3" };
  const text = figuresText(new Map([result("cold", { verdicts, versions, ...drawn })]));
  expect(text).toContain("On Fast, 2 cores, 8 GiB, Linux 6.1.0 x64, Node v26.0.0; whorl 1.2.3,");
  expect(text).toContain(" wasmtime 49.0.3; 2026-11-21.");
  expect(text).toMatch(/Not published yet: http, seventy, /);
});

test("nothing but the figures of a page is changed", () => {
  const marks = [
    "<!-- figures: npm run bench:publish writes what follows -->",
    "<!-- end of figures -->",
  ];
  const page = `# Title\n\n${marks[0]}\nformer\n${marks[1]}\n\nThe end.\n`;
  const written = withFigures(page, new Map([result("cold", { verdicts, ...drawn })]));
  expect(written.startsWith(`# Title\n\n${marks[0]}\n\nOn Fast`)).toBe(true);
  expect(written.endsWith(`\n\n${marks[1]}\n\nThe end.\n`)).toBe(true);
  expect(written).not.toContain("former");
  expect(withFigures(written, new Map([result("cold", { verdicts, ...drawn })]))).toBe(written);
  expect(() => withFigures("# Title\n", new Map())).toThrow("the page needs a line");
});

test("docs/performance.md has the figures that are published", () => {
  const page = readFileSync(new URL("../../docs/performance.md", import.meta.url), "utf8");
  // The formatter aligns the columns.
  const bare = (text: string): string => text.replaceAll(/-{3,}/g, "-").replaceAll(/[ \n]+/g, " ");
  const written = withFigures(page, newestOf(publishedResults()));
  expect(bare(page)).toBe(bare(written));
});

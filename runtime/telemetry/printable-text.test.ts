import { expect, test } from "vitest";
import { LineLimiter } from "./line-limiter.ts";
import { printableLines, printableText } from "./printable-text.ts";

test.each([
  ["plain", "GET /hello?x=1 ~", "GET /hello?x=1 ~"],
  ["other languages", "Grüße 你好 👍🏽", "Grüße 你好 👍🏽"],
  ["colours", "\u001b[31mred\u001b[0m", "\\u001b[31mred\\u001b[0m"],
  ["a title and a bell", "\u001b]0;evil\u0007", "\\u001b]0;evil\\u0007"],
  ["one byte escapes", "\u009b2J\u0090", "\\u009b2J\\u0090"],
  ["line breaks", "a\r\nb\u2028c\u0085", "a\\r\\nb\\u2028c\\u0085"],
  ["a tab", "a\tb", "a\\tb"],
  ["zero and delete", "\u0000\u007f", "\\u0000\\u007f"],
  ["reversed text", "a\u202egnp.exe\u2069", "a\\u202egnp.exe\\u2069"],
  ["half a character", "\ud83d!", "\\ud83d!"],
])("%s", (_, text, expected) => {
  expect(printableText(text)).toBe(expected);
});

test("tabs stay where they may", () => {
  expect(printableText("a\tb\u0007", true)).toBe("a\tb\\u0007");
});

test("messages of several lines stay lines, and nothing else", () => {
  expect(printableLines("a\tb\n  at \u009b2J\r\n")).toBe("a\tb\n  at \\u009b2J\\r\n");
});

test("a guest that writes without end is held to the rate, and what is dropped is counted", () => {
  const limiter = new LineLimiter({ perSecond: 10, burst: 5 }, 0);
  const burst = Array.from({ length: 100 }, () => limiter.take(0)).filter(Boolean).length;
  expect(burst).toBe(5);
  expect(limiter.takeDropped()).toBe(95);
  expect(limiter.takeDropped()).toBe(0);
  let passed = 0;
  for (let ms = 1; ms <= 10_000; ms++) if (limiter.take(ms)) passed++;
  expect(passed).toBe(100);
  expect(limiter.takeDropped()).toBe(9_900);
});

test("a pause gives back the burst and no more; a clock that goes back gives nothing", () => {
  const limiter = new LineLimiter({ perSecond: 10, burst: 3 }, 0);
  for (let at = 0; at < 3; at++) limiter.take(0);
  const after = Array.from({ length: 10 }, () => limiter.take(3_600_000)).filter(Boolean).length;
  expect(after).toBe(3);
  expect(limiter.take(0)).toBe(false);
});

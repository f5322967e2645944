import { expect, test } from "vitest";
import { guestLineFormat } from "./guest-line-format.ts";

test.each([[[]], [[["WHORL_LOG_FORMAT", ""]]], [[["WHORL_LOG_FORMAT", "text"]]]] as const)(
  "with %j lines stay as they are",
  (environment) => {
    expect(guestLineFormat(environment)("cart", "stdout", 'a "line"\u001b')).toBe('a "line"\u001b');
  },
);

test("with json they tell whose they are", () => {
  const format = guestLineFormat([["WHORL_LOG_FORMAT", "json"]]);
  const text = format("cart", "stderr", 'a "line"\u001b', "ab");
  expect(text).not.toContain("\u001b");
  expect(JSON.parse(text)).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
    component: "cart",
    stream: "stderr",
    line: 'a "line"\u001b',
    trace_id: "ab",
  });
  expect(JSON.parse(format("cart", "stdout", ""))).not.toHaveProperty("trace_id");
});

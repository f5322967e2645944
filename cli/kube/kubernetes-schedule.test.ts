import { expect, test } from "vitest";
import { kubernetesSchedule } from "./kubernetes-schedule.ts";

test.each([
  ["0 */5 * * * *", "*/5 * * * *"],
  ["0 3 * * *", "0 3 * * *"],
  ["0  0 3 1-5 JAN MON", "0 3 1-5 JAN MON"],
  ["0 0 3 * * 7", "0 3 * * 0"],
  ["0 0 3 * JUL WED", "0 3 * JUL WED"],
])("kubernetesSchedule of %s", (expression, expected) => {
  expect(kubernetesSchedule(expression)).toBe(expected);
});

test.each([
  ["", /five fields/],
  ["* * * *", /five fields/],
  ["1/2 * * * * *", /seconds "1\/2"/],
  ["30 * * * * *", /seconds "30"/],
  ["0 0 0 L * *", /no "L"/],
  ["0 0 0 * * 5#2", /no "5#2"/],
  ["0 0 0 15W * *", /no "15W"/],
  ["0 0 0 * * 5-7", /day 7/],
  ["{{ schedule }}", /five fields/],
])("kubernetesSchedule refuses %j", (expression, message) => {
  expect(() => kubernetesSchedule(expression)).toThrow(message);
});

import { describe, expect, test } from "vitest";
import {
  appSettings,
  componentsToRetain,
  guestEnvironment,
  variableEnvironment,
} from "./app-settings.ts";

describe("variables", () => {
  test("by their own name in capitals, and with the prefix", () => {
    const environment = [
      ["COLOUR", "blue"],
      ["SPIN_VARIABLE_SIZE", "2"],
      ["shape", "round"],
    ] as const;
    expect(variableEnvironment(["colour", "size", "shape"], environment)).toEqual({
      COLOUR: "blue",
      SPIN_VARIABLE_COLOUR: "blue",
      SPIN_VARIABLE_SIZE: "2",
      shape: "round",
    });
  });

  test("the plain name wins, as the last word of who wrote the container", () => {
    const environment = [
      ["SPIN_VARIABLE_A", "1"],
      ["A", "2"],
    ] as const;
    expect(variableEnvironment(["a"], environment)["SPIN_VARIABLE_A"]).toBe("2");
  });
});

test("guests see the environment without what is meant for the runtime", () => {
  const environment = [
    ["COLOUR", "blue"],
    ["PASSWORD", "secret"],
    ["SPIN_VARIABLE_SIZE", "2"],
    ["OTEL_SERVICE_NAME", "app"],
    ["AWS_SECRET_ACCESS_KEY", "secret"],
    ["WHORL_CRON_TRIGGER", "nightly"],
    ["SPINNING", "yes"],
  ] as const;
  expect(guestEnvironment(["password"], environment)).toEqual([
    ["COLOUR", "blue"],
    ["SPINNING", "yes"],
  ]);
});

test.each([
  [undefined, []],
  ["", []],
  ["a", ["a"]],
  [" a, ,b,", ["a", "b"]],
])("components to retain: %j", (value, expected) => {
  const environment = value === undefined ? [] : [["SPIN_COMPONENTS_TO_RETAIN", value] as const];
  expect(componentsToRetain(environment)).toEqual(expected);
});

test.each([
  [false, "/app/.spin"],
  [true, "/.whorl"],
])("read-only root %s: state is kept in %s", async (isRootReadOnly, expected) => {
  const spec = { appPath: "/app/spin.toml", imagePath: undefined, environment: [], isRootReadOnly };
  const { runtimeConfig } = await appSettings({ variables: new Map() }, spec);
  expect(runtimeConfig.stateDirectory).toBe(expected);
});

test.each([
  [[], undefined],
  [[["WHORL_CRON_TRIGGER", ""]], undefined],
  [[["WHORL_CRON_TRIGGER", "nightly"]], "nightly"],
] as const)(
  "environment %j: the cron trigger to fire once is %s",
  async (environment, expected) => {
    const spec = { appPath: "/app/spin.toml", imagePath: undefined, isRootReadOnly: true };
    const settings = await appSettings({ variables: new Map() }, { ...spec, environment });
    expect(settings.cronTrigger).toBe(expected);
  },
);

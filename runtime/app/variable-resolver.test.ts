import { beforeEach, describe, expect, test } from "vitest";
import { config } from "../spin/variables/config.ts";
import { StaticProvider } from "../spin/variables/static-provider.ts";
import type { VariableProvider } from "../spin/variables/variable-provider.ts";
import { variablesV2, variablesV3 } from "../spin/variables/variables.ts";
import type { VariablesContext } from "../spin/variables/variables-scope.ts";
import { configStore } from "../spin/wasi-config/store.ts";
import { VariableResolver } from "./variable-resolver.ts";

const declared = new Map([
  ["greeting", { default: "hello" }],
  ["token", { default: undefined }],
  ["port", { default: "80" }],
]);

function late(values: Readonly<Record<string, string>>): VariableProvider {
  return {
    get: (name) => Promise.resolve(values[name]),
    mayHave: (name) => Promise.resolve(name in values),
  };
}

const warnings: string[] = [];
const noWarning = (line: string): void => expect.unreachable(line);

beforeEach(() => {
  warnings.length = 0;
});

const failing: VariableProvider = {
  get: () =>
    Promise.reject(
      new Error("vault is sealed", { cause: new Error("status 503", { cause: "why\nnot" }) }),
    ),
  mayHave: () => true,
};

const templates = new Map([
  ["plain", "text"],
  ["url", "http://x:{{ port }}/{{greeting}}"],
  ["secret", "{{ token }}"],
]);

function variables(...providers: VariableProvider[]): VariablesContext {
  return new VariableResolver(declared, providers, (line) => void warnings.push(line)).forComponent(
    "web",
    templates,
  );
}

const ok = (val: unknown): object => ({ tag: "ok", val });
const err = (tag: string, val: string): object => ({ tag: "err", val: { tag, val } });

describe("resolving", () => {
  test.each([
    ["the default, at once", [], "http://x:80/hello"],
    [
      "a provider before the default",
      [new StaticProvider(new Map([["port", "1"]]))],
      "http://x:1/hello",
    ],
    [
      "the first provider that has one",
      [new StaticProvider(new Map()), late({ port: "2" }), late({ port: "3", greeting: "hi" })],
      "http://x:2/hi",
    ],
  ])("%s", async (_, providers, expected) => {
    expect(await variables(...providers).get("url")).toEqual(ok(expected));
  });

  test("nobody waits where nothing is distant", () => {
    expect(variables().get("url")).not.toBeInstanceOf(Promise);
    expect(variables(late({})).get("plain")).toEqual(ok("text"));
  });

  test("values are asked for anew each time", async () => {
    let count = 0;
    const counting = { get: () => String(++count), mayHave: () => true };
    const context = variables(counting);
    expect([await context.get("secret"), await context.get("secret")]).toEqual([ok("1"), ok("2")]);
  });

  test("getAll has all variables of the component", async () => {
    expect(await variables(late({ token: "t" })).getAll()).toEqual(
      ok([
        ["plain", "text"],
        ["url", "http://x:80/hello"],
        ["secret", "t"],
      ]),
    );
  });
});

describe("loading", () => {
  test.each([
    ["{{ tokem }}", 'unknown variable "tokem"; did you mean "token"?'],
    ["{{ nothing_like_it }}", 'unknown variable "nothing_like_it"; declare it in [variables]'],
    ["{{ token", '"{{" without "}}" in "{{ token"; close it'],
  ])("%s is refused", (template, message) => {
    const resolver = new VariableResolver(declared, [], noWarning);
    expect(() => resolver.forComponent("web", new Map([["x", template]]))).toThrow(message);
  });

  test("a required variable that nobody can have is refused before the start", async () => {
    const none = new VariableResolver(
      declared,
      [new StaticProvider(new Map([["port", "1"]]))],
      noWarning,
    );
    await expect(none.checkRequired()).rejects.toThrow(
      'no provider resolved required variable(s): ["token"]; set for example the environment ' +
        "variable SPIN_VARIABLE_TOKEN",
    );
    await new VariableResolver(declared, [late({ token: "t" })], noWarning).checkRequired();
    await new VariableResolver(declared, [failing], noWarning).checkRequired();
  });
});

const cases = [
  { name: "nope", v2: err("undefined", 'no variable for "web"."nope"') },
  { name: "", v2: err("invalid-name", '"": must not be empty') },
  {
    name: "Upper",
    v2: err(
      "invalid-name",
      "\"Upper\": invalid character 'U'. Variable names may contain only lower-case letters, numbers, and underscores.",
    ),
  },
  { name: "1a", v2: err("invalid-name", '"1a": must start with a lowercase ASCII letter') },
  { name: "_a", v2: err("invalid-name", '"_a": must start with a lowercase ASCII letter') },
  {
    name: "a_",
    v2: err("invalid-name", '"a_": must end with a lowercase ASCII letter or digit'),
  },
  {
    name: "a__b",
    v2: err("invalid-name", '"a__b": must not contain multiple consecutive underscores'),
  },
] as const;

describe.each([variablesV2, variablesV3])("$name $version", ({ functions }) => {
  test.each(cases)("get of $name", async ({ name, v2 }) => {
    expect(await functions["get"]?.({ variables: variables() }, name)).toEqual(v2);
  });

  test("get of a variable without a value, and of a failing provider", async () => {
    expect(await functions["get"]?.({ variables: variables() }, "secret")).toEqual(
      err("provider", 'no provider resolved required variable "token"'),
    );
    expect(await functions["get"]?.({ variables: variables(failing) }, "secret")).toEqual(
      err("provider", "vault is sealed"),
    );
    expect(warnings).toEqual([
      'variable "web"."secret": no provider resolved required variable "token"',
      'variable "web"."secret": vault is sealed: status 503: why',
    ]);
    expect(await functions["get"]?.({ variables: variables(failing) }, "plain")).toEqual(
      ok("text"),
    );
  });
});

describe("fermyon:spin/config", () => {
  const get = (context: VariablesContext, name: string): unknown =>
    config.functions["get-config"]?.({ variables: context }, name);

  test("errors of Spin 1", async () => {
    expect(await get(variables(), "plain")).toEqual(ok("text"));
    expect(await get(variables(), "nope")).toEqual(err("provider", 'no variable for "web"."nope"'));
    expect(await get(variables(), "a_")).toMatchObject({ val: { tag: "invalid-key" } });
    expect(await get(variables(failing), "secret")).toEqual(
      err("other", 'Error::Provider("vault is sealed")'),
    );
  });
});

describe("wasi:config/store", () => {
  const call = (name: string, context: VariablesContext, ...values: string[]): unknown =>
    configStore.functions[name]?.({ variables: context }, ...values);

  test.each(cases)("get of $name is nothing", async ({ name }) => {
    expect(await call("get", variables(), name)).toEqual(ok(undefined));
  });

  test("get and get-all", async () => {
    expect(await call("get", variables(), "url")).toEqual(ok("http://x:80/hello"));
    expect(await call("get", variables(failing), "secret")).toEqual(
      err("upstream", "vault is sealed"),
    );
    expect(await call("get-all", variables(failing))).toEqual(err("upstream", "vault is sealed"));
    expect(await call("get-all", variables(late({ token: "t" })))).toMatchObject({ tag: "ok" });
  });
});

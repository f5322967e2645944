import { expect, test } from "vitest";
import type { App } from "../../runtime/app/app.ts";
import { parseRuntimeConfig } from "../../runtime/app/load-runtime-config.ts";
import { whyUnsuitable } from "./why-unsuitable.ts";

const state = "/pods/1/state";

function reason(config: string, ...triggers: readonly string[]): string | undefined {
  const eventTriggers = triggers.map((kind) => ({ kind })) as unknown as App["eventTriggers"];
  const directories = { workingDirectory: state, appDirectory: "/", stateDirectory: state };
  const parsed = parseRuntimeConfig(config, "/pods/1/runtimeConfig", directories);
  return whyUnsuitable({ eventTriggers }, parsed, state);
}

test("an app that keeps to its pod", () => {
  expect(reason("")).toBeUndefined();
  expect(reason("", "cron")).toBeUndefined();
  const own = '[key_value_store.mine]\ntype = "spin"\npath = "state/mine.db"\n';
  expect(reason(own)).toBeUndefined();
});

test.each(["redis", "mqtt", "sqs", "command"])("an app with a %s trigger is alone", (kind) => {
  expect(reason("", kind)).toBe(`it has a ${kind} trigger`);
});

test.each([
  ['[key_value_store.a]\ntype = "redis"\nurl = "redis://x"', "of type redis"],
  ['[key_value_store.a]\ntype = "spin"\npath = "/pods/2/state/kv.db"', "a path of its own"],
  ['[key_value_store.a]\ntype = "spin"\npath = "../../2/state/kv.db"', "a path of its own"],
  [
    '[key_value_store.a]\ntype = "spin"\npath = "/pods/1/state/../../2/state/kv.db"',
    "a path of its own",
  ],
  ['[key_value_store.a]\ntype = "spin"\npath = "/pods/1/state/.."', "a path of its own"],
  ['[sqlite_database.a]\ntype = "libsql"\nurl = "http://x"\ntoken = "t"', "of type libsql"],
  ['[sqlite_database.a]\ntype = "spin"\npath = "/etc/passwd"', "a path of its own"],
  [
    '[[config_provider]]\ntype = "vault"\nurl = "http://x"\ntoken = "t"\nmount = "m"',
    "variables of type vault",
  ],
  ['[[config_provider]]\ntype = "env"\ndotenv_path = "/etc/passwd"', "variables in a file"],
  ['log_dir = "/pods/2"', "a folder for logs"],
])("%j has to be alone", (config, text) => {
  expect(reason(config)).toContain(text);
});

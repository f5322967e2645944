import { parse } from "@bytecodealliance/jco";
import { expect, test } from "vitest";
import { TemporaryFolder } from "../temporary-folder.ts";
import { runWhorl } from "../whorl-process.ts";

/** A command with a memory that threads could share: no rewrite takes that from the module. */
const component = `(component
  (core module $m (memory 1 1 shared) (func (export "run") (result i32) (i32.const 0)))
  (core instance $i (instantiate $m))
  (func $run (result (result)) (canon lift (core func $i "run")))
  (instance $api (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $api)))`;

const manifest = `spin_manifest_version = 2
[application]
name = "unbounded"
[[trigger.command]]
component = "command"
[component.command]
source = "command.wasm"
`;

async function folder(): Promise<TemporaryFolder> {
  return new TemporaryFolder({ "spin.toml": manifest, "command.wasm": await parse(component) });
}

test("a component that no limit would hold runs with a warning where none is asked for", async () => {
  using app = await folder();
  const { status, stderr } = runWhorl(["up", app.path]);
  expect(stderr).toMatch(/component "command" is held to no limit: a memory that is shared/);
  expect(status).toBe(0);
});

test.each([[["--max-cpu-time", "1s"]], [["--max-instance-memory", "64M"]]])(
  "it is refused with %j",
  async (limit) => {
    using app = await folder();
    const { status, stderr } = runWhorl(["up", app.path, ...limit]);
    expect(stderr).toMatch(/could not be held to any limit, and is not run: .*shared/);
    expect(status).not.toBe(0);
  },
);

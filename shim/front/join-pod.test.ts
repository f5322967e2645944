import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { whorl } from "../../proto/gen/wire.js";
import { TestFolder } from "../test-folder.ts";
import { readStartInput, readStartRecord } from "./bundle.ts";
import { containerRecord } from "./join-pod.ts";

const started = "namespace=k8s.io\nid=p\naddress=/c\npublish=/b\ndebug=\nttrpc=/t\npath=/usr/bin\n";

const nowhere = (): undefined => undefined;

test("a container that start was run for has its own record", () => {
  using folder = new TestFolder({ "c/whorl.start": started, "c/sandbox": "other" });
  expect(containerRecord(folder.file("c"), "c", nowhere).id).toBe("p");
});

test.each([
  ["beside it", "p", undefined],
  ["that the front serves itself", "own", "own"],
])("a container of a pod %s gets the pod's, under its own name", (_where, place, known) => {
  using folder = new TestFolder({
    "c/sandbox": "p",
    [`${place}/whorl.start`]: started,
    [`${place}/shim-binary-path`]: "/opt/shim",
  });
  const bundle = folder.file("c");
  const podBundle = (pod: string): string | undefined =>
    pod === "p" && known !== undefined ? folder.file(known) : undefined;
  const record = containerRecord(bundle, "c", podBundle);
  expect(record).toMatchObject({ namespace: "k8s.io", id: "c", address: "/c", path: "/usr/bin" });
  expect(record.pod).toBe(folder.file(place));
  // For delete and the next front.
  expect(readStartRecord(bundle)).toEqual(record);
  expect(readFileSync(folder.file("c/shim-binary-path"), "utf8")).toBe("/opt/shim");
});

test.each([
  ["nothing", { "c/config.json": "{}" }, "whorl.start cannot be read"],
  ["a pod that is not there", { "c/sandbox": "p" }, "whorl.start cannot be read"],
  ["a pod with a name too long", { "c/sandbox": "p".repeat(5000) }, "more than the limit"],
  ["an empty record", { "c/whorl.start": "" }, "is not complete"],
])("a container of which %s is known is refused", (_what, files, message) => {
  using folder = new TestFolder(files);
  expect(() => containerRecord(folder.file("c"), "c", nowhere)).toThrow(message);
});

test("the stock shim is told the container's name, not the pod's", () => {
  const { BootstrapParams } = whorl.bootstrap;
  using folder = new TestFolder({ "c/sandbox": "p", "p/whorl.start": started });
  const given = BootstrapParams.encode({ instanceId: "p", containerdVersion: "2.4.2" }).finish();
  writeFileSync(folder.file("p/whorl.stdin"), given);
  const pod = readStartRecord(folder.file("p"));
  expect(readStartInput(folder.file("p"), pod)).toEqual(Buffer.from(given));
  const record = containerRecord(folder.file("c"), "c", nowhere);
  const read = BootstrapParams.decode(readStartInput(folder.file("c"), record));
  expect(read).toMatchObject({ instanceId: "c", containerdVersion: "2.4.2" });
});

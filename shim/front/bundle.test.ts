import { expect, test } from "vitest";
import { TestFolder } from "../test-folder.ts";
import { parseStartRecord, readBounded, readStartRecord } from "./bundle.ts";

test("what start has written is read", () => {
  const text =
    "namespace=k8s.io\nid=x\naddress=/run/c.sock\npublish=/bin/containerd\ndebug=1\nttrpc=/t=1\npath=/a:/b\n";
  expect(parseStartRecord(text)).toEqual({
    namespace: "k8s.io",
    id: "x",
    address: "/run/c.sock",
    publishBinary: "/bin/containerd",
    debug: true,
    ttrpcAddress: "/t=1",
    path: "/a:/b",
  });
});

test("what is missing is empty", () => {
  expect(parseStartRecord("garbage\n")).toMatchObject({ id: "", debug: false });
});

test("a bundle of another shim is refused", () => {
  using folder = new TestFolder({});
  expect(() => readStartRecord(folder.path)).toThrow("started by another shim");
});

test("a file above the limit is not read", () => {
  using folder = new TestFolder({ a: "12345" });
  expect(readBounded(folder.file("a"), 5).toString()).toBe("12345");
  expect(() => readBounded(folder.file("a"), 4)).toThrow("5 bytes, more than the limit of 4");
  expect(() => readBounded(folder.file("b"), 4)).toThrow("cannot be read");
});

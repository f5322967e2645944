import { afterEach, beforeEach, expect, test } from "vitest";
import { TestFolder } from "../test-folder.ts";
import { podLookup } from "./pod-lookup.ts";

let folder: TestFolder;
let asked: number;

beforeEach(() => {
  asked = 0;
  folder = new TestFolder({
    hosts: "127.0.0.1 localhost\n::1 localhost\n10.0.0.9 peer\n",
    "resolv.conf": "nameserver 127.0.0.1\noptions ndots:1\n",
  });
});

afterEach(() => folder[Symbol.dispose]());

/** No server can be reached. */
async function lookUp(
  host: string,
  options: Parameters<ReturnType<typeof podLookup>>[1] = {},
  hosts = "hosts",
): Promise<unknown> {
  const lookup = podLookup({
    hostsFile: folder.file(hosts),
    resolverFile: folder.file("resolv.conf"),
    transport: {
      udpSocket: () => {
        asked += 1;
        return Promise.reject(new Error("no network"));
      },
      connect: () => expect.fail("nothing was truncated"),
    },
  });
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  lookup(host, options, (error, address, family) => {
    if (error === null) resolve(family === undefined ? address : { address, family });
    else reject(error);
  });
  return promise;
}

test("names of the hosts file, version 4 first", async () => {
  expect(await lookUp("localhost")).toEqual({ address: "127.0.0.1", family: 4 });
  expect(await lookUp("localhost", { all: true })).toEqual([
    { address: "127.0.0.1", family: 4 },
    { address: "::1", family: 6 },
  ]);
  expect(await lookUp("localhost", { family: 6 })).toEqual({ address: "::1", family: 6 });
  expect(await lookUp("PEER", { family: 0 })).toEqual({ address: "10.0.0.9", family: 4 });
  expect(asked).toBe(0);
});

test("an address is its own answer", async () => {
  expect(await lookUp("10.1.2.3")).toEqual({ address: "10.1.2.3", family: 4 });
  expect(await lookUp("::1", { all: true })).toEqual([{ address: "::1", family: 6 }]);
});

test("a file is read each time", async () => {
  folder[Symbol.dispose]();
  folder = new TestFolder({ hosts: "10.0.0.1 changed\n", "resolv.conf": "" });
  expect(await lookUp("changed")).toEqual({ address: "10.0.0.1", family: 4 });
});

test("what no server can tell may be asked again", async () => {
  const failure = { code: "EAI_AGAIN", hostname: "elsewhere" };
  await expect(lookUp("elsewhere")).rejects.toMatchObject(failure);
  expect(asked).toBeGreaterThan(1);
});

test.each(["a..b", `${"a".repeat(64)}.b`, ""])("%j is the name of nothing", async (name) => {
  await expect(lookUp(name, {}, "none")).rejects.toMatchObject({ code: "ENOTFOUND" });
  expect(asked).toBe(0);
});

import { expect, test } from "vitest";
import { addressesInHosts, candidates, parseResolver } from "./resolver-files.ts";

test("resolv.conf as kubelet writes it", () => {
  const text = [
    "search shop.svc.cluster.local svc.cluster.local cluster.local",
    "nameserver 10.96.0.10",
    "options ndots:5",
  ].join("\n");
  expect(parseResolver(text)).toEqual({
    servers: ["10.96.0.10"],
    search: ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"],
    dotsMin: 5,
  });
});

test.each([
  ["nothing", "", { servers: ["127.0.0.1"], search: [], dotsMin: 1 }],
  [
    "comments and nonsense",
    "# nameserver 1.1.1.1\nnameserver\nnameserver here\n;x\nnameserver 9.9.9.9 ; y\noptions ndots:x",
    { servers: ["9.9.9.9"], search: [], dotsMin: 1 },
  ],
  [
    "too much",
    "nameserver 1.1.1.1\nnameserver ::1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\noptions ndots:99",
    { servers: ["1.1.1.1", "::1", "2.2.2.2"], search: [], dotsMin: 15 },
  ],
  [
    "the last search list",
    "search a\ndomain b.",
    { servers: ["127.0.0.1"], search: ["b"], dotsMin: 1 },
  ],
])("resolv.conf with %s", (_what, text, config) => {
  expect(parseResolver(text)).toEqual(config);
});

const hosts = "127.0.0.1 localhost # here\n::1 localhost ip6-localhost\nbad name\n10.1.1.1 A.b a";

test.each([
  ["localhost", ["127.0.0.1", "::1"]],
  ["LOCALHOST.", ["127.0.0.1", "::1"]],
  ["a.B", ["10.1.1.1"]],
  ["a", ["10.1.1.1"]],
  ["here", []],
  ["name", []],
])("%s in a hosts file", (name, addresses) => {
  expect(addressesInHosts(hosts, name)).toEqual(addresses);
});

test.each([
  ["db", 5, ["db.x.y", "db.y", "db"]],
  ["db.other", 2, ["db.other.x.y", "db.other.y", "db.other"]],
  ["a.b", 1, ["a.b", "a.b.x.y", "a.b.y"]],
  ["a.b.", 5, ["a.b"]],
])("%s with ndots:%d is asked for as", (name, dotsMin, names) => {
  expect(candidates(name, { servers: [], search: ["x.y", "y"], dotsMin })).toEqual(names);
});

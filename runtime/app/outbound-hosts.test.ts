import { describe, expect, test } from "vitest";
import { compileOutboundHosts, parseOutboundHost } from "./outbound-hosts.ts";

type Question = [entry: string, scheme: string, host: string, port: number | undefined];

describe("compileOutboundHosts allows", () => {
  test.each<Question>([
    ["https://example.com", "https", "example.com", 443],
    ["https://example.com", "https", "example.com", undefined],
    ["https://example.com/", "https", "example.com", 443],
    ["https://Example.COM", "HTTPS", "EXAMPLE.com", 443],
    [" https://example.com ", "https", "example.com", 443],
    ["http://example.com", "http", "example.com", 80],
    ["http://example.com:8080", "http", "example.com", 8080],
    ["http://example.com:8080/", "http", "example.com", 8080],
    ["http://localhost:3001", "http", "localhost", 3001],
    ["http://my_host:1", "http", "my_host", 1],
    ["https://bücher.example", "https", "xn--bcher-kva.example", 443],
    ["redis://cache", "redis", "cache", 6379],
    ["mysql://db", "mysql", "db", 3306],
    ["postgres://db", "postgres", "db", 5432],
    ["mqtt://broker", "mqtt", "broker", 1883],
    ["*://example.com:443", "wss", "example.com", 443],
    ["*://*:*", "tcp", "10.0.0.1", 1],
    ["*://*:*", "https", "anything", undefined],
    ["https://*", "https", "anything", 443],
    ["http://*:*", "http", "anything", 65_535],
    ["https://*.example.com", "https", "a.example.com", 443],
    ["https://*.example.com", "https", "a.b.example.com", 443],
    ["http://example.com:4000..5000", "http", "example.com", 4000],
    ["http://example.com:4000..5000", "http", "example.com", 4999],
    ["http://example.com:0..65536", "http", "example.com", 65_535],
    ["tcp://10.0.0.0/8:5432", "tcp", "10.255.3.1", 5432],
    ["tcp://10.1.2.3/8:5432", "tcp", "10.255.3.1", 5432],
    ["*://127.0.0.1/24:63551", "tcp", "127.0.0.9", 63_551],
    ["http://192.168.1.1", "http", "192.168.1.1", 80],
    ["http://0.0.0.0/0", "http", "8.8.8.8", 80],
    ["http://[::1]", "http", "[::1]", 80],
    ["http://[::1]:8001", "http", "::1", 8001],
    ["http://[0:0:0:0:0:0:0:1]:8001", "http", "[::1]", 8001],
    ["*://ff00::/8:80", "udp", "ff02::1", 80],
    ["http://fd00::/8", "http", "[fd12::1]", 80],
    ["http://api.spin.internal", "http", "api.spin.internal", 80],
    ["http://*.spin.internal", "http", "api.spin.internal", 80],
  ])("%s: %s %s %s", (entry, scheme, host, port) => {
    expect(compileOutboundHosts([entry]).allows(scheme, host, port)).toBe(true);
  });
});

describe("compileOutboundHosts refuses", () => {
  test.each<Question>([
    ["https://example.com", "http", "example.com", 443],
    ["https://example.com", "https", "example.com", 8443],
    ["https://example.com", "https", "example.org", 443],
    ["https://example.com", "https", "a.example.com", 443],
    ["https://example.com", "https", "example.com.", 443],
    ["https://example.com", "https", "notexample.com", 443],
    ["*://example.com:443", "https", "example.com", 80],
    ["*://example.com:443", "tcp", "example.com", undefined],
    ["https://*.example.com", "https", "example.com", 443],
    ["https://*.example.com", "https", ".example.com", 443],
    ["https://*.example.com", "https", "myexample.com", 443],
    ["https://*.example.com", "https", "a.example.com.evil.org", 443],
    ["http://example.com:4000..5000", "http", "example.com", 3999],
    ["http://example.com:4000..5000", "http", "example.com", 5000],
    ["http://example.com:9..9", "http", "example.com", 9],
    ["tcp://10.0.0.0/8:5432", "tcp", "11.0.0.1", 5432],
    ["tcp://10.0.0.0/8:5432", "tcp", "10.example.com", 5432],
    ["tcp://10.0.0.0/8:5432", "tcp", "::1", 5432],
    ["*://ff00::/8:80", "tcp", "fe80::1", 80],
    ["http://[::1]:80", "http", "::2", 80],
    ["http://[::1]:80", "http", "localhost", 80],
    ["http://self", "http", "self", 80],
    ["http://self", "http", "localhost", 80],
    ["http://*.spin.internal", "http", "spin.internal", 80],
  ])("%s: %s %s %s", (entry, scheme, host, port) => {
    expect(compileOutboundHosts([entry]).allows(scheme, host, port)).toBe(false);
  });

  test("everything without entries", () => {
    expect(compileOutboundHosts([]).allows("http", "example.com", 80)).toBe(false);
    expect(compileOutboundHosts([]).allowsSelf("http")).toBe(false);
  });

  test("what no entry allows, and allows what any does", () => {
    const hosts = compileOutboundHosts(["http://a", "https://b:1"]);
    expect(hosts.allows("https", "b", 1)).toBe(true);
    expect(hosts.allows("http", "b", 1)).toBe(false);
  });
});

describe("compileOutboundHosts allowsSelf", () => {
  test.each<[entry: string, scheme: string, isAllowed: boolean]>([
    ["http://self", "http", true],
    ["http://self", "https", true],
    ["https://self", "http", true],
    ["https://self.alt", "http", true],
    ["*://self:*", "http", true],
    ["http://*:*", "http", true],
    ["*://*:*", "https", true],
    ["redis://self", "http", false],
    ["redis://self", "redis", true],
    ["redis://*", "http", false],
    ["http://localhost:3000", "http", false],
    ["http://*.example.com", "http", false],
    ["http://0.0.0.0/0", "http", false],
  ])("%s over %s: %s", (entry, scheme, isAllowed) => {
    expect(compileOutboundHosts([entry]).allowsSelf(scheme)).toBe(isAllowed);
  });
});

describe("parseOutboundHost refuses", () => {
  test.each<[entry: string, reason: string]>([
    ["", "no scheme"],
    ["*", "no scheme"],
    ["example.com", 'for example "https://example.com"'],
    ["localhost:3000", 'for example "https://localhost:3000"'],
    ["insecure:allow-all", 'use "*://*:*"'],
    ["://example.com", "bad scheme"],
    ["ht-tp://example.com", "bad scheme"],
    ["h2://example.com", "bad scheme"],
    ["{http,https}://example.com", "bad scheme"],
    ["http://{a,b}", "one entry for each"],
    ["http://a:{1,2}", "one entry for each"],
    ["http://", "no host name"],
    ["http://:80", "no host name"],
    ["http://a b", "no host name"],
    ["http://user@example.com", "no host name"],
    ["http://a..b", "no host name"],
    ["http://.a", "no host name"],
    ["http://*.", "no host name"],
    ["http://ex*mple.com", '"*" inside the host'],
    ["http://example.*", '"*" inside the host'],
    ["http://*.*.com", '"*" inside the host'],
    ["http://example.com/a", 'a path "/a"'],
    ["http://example.com:80/a/b", 'a path "/a/b"'],
    ["http://*.example.com/a", 'a path "/a"'],
    ["http://10.0.0.0/33", 'a path "/33"'],
    ["http://example.com:port", "bad port"],
    ["http://example.com:65536", "bad port"],
    ["http://example.com:-1", "bad port"],
    ["http://example.com:1..x", "bad port"],
    ["http://example.com:1..65537", "bad port"],
    ["http://example.com:1...5", "bad port"],
    ["*://example.com", "needs a port"],
    ["tcp://example.com", "needs a port"],
    ["*://127.0.0.0/24", "needs a port"],
    ["http://[::1", "broken IPv6"],
    ["http://[::1]x", "broken IPv6"],
    ["http://[example.com]", "no IPv6 address"],
  ])("%j: %s", (entry, reason) => {
    expect(() => parseOutboundHost(entry)).toThrow(
      expect.objectContaining({ code: "manifest", message: expect.stringContaining(reason) }),
    );
  });
});

import { expect, test } from "vitest";
import { listenAddress } from "./listen-address.ts";

function parsed(value: string): string {
  const { host, port } = listenAddress([["SPIN_HTTP_LISTEN_ADDR", value]]);
  return `${host} ${port}`;
}

test.each([
  ["0.0.0.0:80", "0.0.0.0 80"],
  ["127.0.0.1:8080", "127.0.0.1 8080"],
  ["[::]:3000", ":: 3000"],
  ["[fe80::1]:65535", "fe80::1 65535"],
])("%s", (value, expected) => expect(parsed(value)).toBe(expected));

test("port 80 on every address without it", () => {
  expect(listenAddress([["OTHER", "1"]])).toEqual({ host: "0.0.0.0", port: 80 });
});

test.each(["", "80", ":80", "0.0.0.0", "::1:80", "[127.0.0.1]:80", "host:80", "1.2.3.4:65536"])(
  "%j is refused",
  (value) => expect(() => parsed(value)).toThrow("SPIN_HTTP_LISTEN_ADDR"),
);

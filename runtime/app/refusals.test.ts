import { expect, test } from "vitest";
import { limits } from "../limits.ts";
import { compileOutboundHosts } from "./outbound-hosts.ts";
import { Refusals } from "./refusals.ts";

function told(): { lines: string[]; refusals: Refusals } {
  const lines: string[] = [];
  return { lines, refusals: new Refusals("shop", (line) => lines.push(line)) };
}

test("a host that is refused is told of once, an allowed one not at all", () => {
  const { lines, refusals } = told();
  const hosts = refusals.hosts(compileOutboundHosts(["redis://db:6379"]));
  for (let round = 0; round < 3; round++) {
    expect(hosts.allows("redis", "db", undefined)).toBe(true);
    expect(hosts.allows("redis", "other", 7)).toBe(false);
    expect(hosts.allowsSelf("http")).toBe(false);
  }
  expect(lines).toEqual([
    'component "shop" may not reach "redis://other:7": add it to its allowed_outbound_hosts',
    'component "shop" may not reach "http://self": add it to its allowed_outbound_hosts',
  ]);
});

test("a name that is refused is told of once", () => {
  const { lines, refusals } = told();
  const names = refusals.names("key_value_stores", ["default"]);
  expect([names.has("default"), names.has("nope"), names.has("nope")]).toEqual([
    true,
    false,
    false,
  ]);
  expect(lines).toEqual([
    'component "shop" may not use "nope": add the name to its key_value_stores',
  ]);
});

test("a guest that makes up names fills neither a line nor the log", () => {
  const { lines, refusals } = told();
  const names = refusals.names("ai_models", []);
  names.has("\n\u001b[2J");
  for (let index = 0; index < 1_000; index++) names.has(`${index}`.padEnd(10_000, "x"));
  expect(lines).toHaveLength(limits.refusalsToldMax);
  expect(lines[0]).toContain('"\\n\\u001b[2J"');
  for (const line of lines) expect(line.length).toBeLessThan(limits.refusalCharsMax + 100);
});

import { expect, test } from "vitest";
import { limits } from "../../limits.ts";
import { ParsedAddresses } from "./parsed-addresses.ts";

function counting(): { asked: string[]; addresses: ParsedAddresses<{ readonly text: string }> } {
  const asked: string[] = [];
  const addresses = new ParsedAddresses((text) => {
    asked.push(text);
    if (text === "bad") throw new Error("no address");
    return { text };
  });
  return { asked, addresses };
}

test("an address is read once", () => {
  const { asked, addresses } = counting();
  expect(addresses.get("a")).toBe(addresses.get("a"));
  expect(addresses.get("b")).toEqual({ text: "b" });
  expect(asked).toEqual(["a", "b"]);
});

test("one that is wrong throws each time", () => {
  const { asked, addresses } = counting();
  expect(() => addresses.get("bad")).toThrow("no address");
  expect(() => addresses.get("bad")).toThrow("no address");
  expect(asked).toEqual(["bad", "bad"]);
});

test("neither many nor long ones are kept", () => {
  const { asked, addresses } = counting();
  const long = "x".repeat(limits.rememberedAddressCharsMax + 1);
  addresses.get("first");
  for (let index = 0; index < limits.serverAddressesMax; index++) addresses.get(`a${index}`);
  addresses.get("first");
  addresses.get(long);
  addresses.get(long);
  expect(asked.filter((text) => text === "first")).toHaveLength(2);
  expect(asked.filter((text) => text === long)).toHaveLength(2);
});

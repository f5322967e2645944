import { expect, test } from "vitest";
import { takeToken, tokenFromText, type TokenPlaces } from "./token.ts";

function places(hash: string, kept: Record<string, string> = {}): TokenPlaces & { shown: string } {
  const result = {
    shown: "",
    location: { hash, pathname: "/app", search: "?id=shop" },
    history: {
      state: null,
      replaceState: (_state: unknown, _unused: string, url?: string | URL | null): void => {
        result.shown = String(url);
      },
    },
    storage: {
      getItem: (key: string): string | null => kept[key] ?? null,
      setItem: (key: string, value: string): void => {
        kept[key] = value;
      },
    },
  };
  return result;
}

test("a token of the address is kept and removed from it", () => {
  const kept = {};
  const before = places("#token=abc-_1", kept);
  expect(takeToken(before)).toBe("abc-_1");
  expect(before.shown).toBe("/app?id=shop");
  expect(takeToken(places("", kept))).toBe("abc-_1");
});

test.each(["", "#", "#token=", "#other=1"])("%o brings no token", (hash) => {
  const before = places(hash);
  expect(takeToken(before)).toBeUndefined();
  expect(before.shown).toBe("");
});

test.each([
  ["abc", "abc"],
  ["  abc\n", "abc"],
  ["http://127.0.0.1:3001/#token=abc", "abc"],
  ["http://127.0.0.1:3001/#", ""],
  ["", ""],
])("%o holds the token %o", (text, token) => {
  expect(tokenFromText(text)).toBe(token);
});

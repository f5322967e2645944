import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sqlParameters } from "./sql-parameters.ts";

test.each([
  ["SELECT 1", []],
  ["SELECT ?, ?", [undefined, undefined]],
  ["SELECT ?2, ?1, ?", [undefined, undefined, undefined]],
  ["SELECT ?3", [undefined, undefined, undefined]],
  ["SELECT :a, @b, $c, :a", [":a", "@b", "$c"]],
  ["SELECT :a, ?, :b, ?1", [":a", undefined, ":b"]],
  ["SELECT ':a', \":b\", `:c`, [:d], x'00' -- :e\n /* :f */, :g", [":g"]],
  ["SELECT 'it''s :a', ?", [undefined]],
  ["SELECT a$b, t.c FROM t WHERE d=:e", [":e"]],
  ["SELECT $a::b(c), 1", ["$a::b(c)"]],
  ["SELECT ?1; SELECT ?1, ?2", [undefined]],
  [";; SELECT ?; SELECT ?, ?", [undefined]],
  ["-- ;\nSELECT :ä1", [":ä1"]],
  ["SELECT '", []],
  ["SELECT ?999999999999", []],
  ["", []],
])("%s", (text, expected) => {
  expect(sqlParameters(text)).toEqual(expected);
});

test("counts as SQLite does", () => {
  const database = new DatabaseSync(":memory:");
  const part = fc.constantFrom("?", "?2", "?5", ":a", ":b", "@a", "$a", "'?'", "1", "[:x]", '"?"');
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
      const text = `SELECT ${parts.map((each) => (/^["[]/.test(each) ? `1 AS ${each}` : each)).join(", ")}`;
      const names = sqlParameters(text);
      const named: Record<string, number> = {};
      const anonymous: number[] = [];
      for (const [index, name] of names.entries()) {
        if (name === undefined) anonymous.push(index + 1);
        else named[name] = index + 1;
      }
      const statement = database.prepare(text);
      statement.setReturnArrays(true);
      statement.setAllowBareNamedParameters(false);
      const row = statement.get(named, ...anonymous) as unknown as unknown[];
      const plain = parts.filter((each) => !/^\?[25]$/.test(each));
      if (plain.length === parts.length) expect(row).not.toContain(null);
      expect(() => statement.get(named, ...anonymous, 0)).toThrow("column index out of range");
    }),
  );
});

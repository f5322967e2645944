import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { GuardedConnection } from "./guarded-connection.ts";
import { PostgresStatement } from "./postgres-statement.ts";

const sink = { columns: (): void => undefined, row: (): void => undefined };

test("a statement that cannot be written holds nothing back that comes after it", () => {
  const stream = new PassThrough();
  const connection = new GuardedConnection({ stream: () => stream });
  const sent = (): string => String((stream.read() as Buffer | null) ?? "");
  const broken = new Proxy([], {
    get: (): never => {
      throw new RangeError("too long");
    },
  });
  const statement = new PostgresStatement({ text: "select 1", values: broken }, sink);
  expect(() => statement.submit(connection)).toThrow("too long");
  expect(sent()).toContain("select 1");
  connection.flush();
  expect(sent()).toBe("H\0\0\0\u0004");
});

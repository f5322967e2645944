import { expect } from "vitest";
import type { InterfaceCase, Places, Row } from "./interface-case.ts";
import { casesOf, err, ok } from "./interface-case.ts";

const text = expect.any(String) as unknown;
const denied = "127.0.0.1:9";

/** Of MySQL and PostgreSQL. */
export function databaseCases(places: Places): InterfaceCase[] {
  const opened = { async: false, opens: true };
  return [
    ...casesOf("fermyon:spin/mysql", mysqlRows(places, "v1", { opens: false, isStream: false })),
    ...casesOf(
      "fermyon:spin/mysql@2.0.0",
      mysqlRows(places, "v2", { opens: true, isStream: false }),
    ),
    ...casesOf("spin:mysql/mysql@3.0.0", mysqlRows(places, "v3", { opens: true, isStream: true })),
    ...casesOf("fermyon:spin/postgres", [
      ...postgresRows(places, "v1", { ...opened, opens: false }),
      ...olderParameterRows(places),
    ]),
    ...casesOf("fermyon:spin/postgres@2.0.0", [
      ...postgresRows(places, "v2", opened),
      ...olderParameterRows(places),
    ]),
    ...casesOf("spin:postgres/postgres@3.0.0", [
      ...postgresRows(places, "v3", opened),
      ...dateRows(places, "query"),
    ]),
    ...casesOf("spin:postgres/postgres@4.0.0", [
      ...postgresRows(places, "v40", opened),
      ...[...dateRows(places, "query"), ...version4Rows(places, "query")],
    ]),
    ...casesOf("spin:postgres/postgres@4.2.0", [
      ...postgresRows(places, "v42", opened),
      ...postgresRows(places, "v42a", { async: true, opens: true }),
      ...[...dateRows(places, "query-async"), ...version4Rows(places, "query-async")],
      ...builderRows(places),
    ]),
  ];
}

interface Form {
  /** Whether connections are opened by a function of their own. */
  readonly opens: boolean;
}

/** Rows as a record of columns and rows, or as what streams give. */
function rowSet(columns: unknown, rows: unknown, isStream: boolean): unknown {
  return ok(isStream ? [columns, rows] : { columns, rows });
}

function openRows(server: string, nowhere: string, open: string): Row[] {
  const scheme = server.slice(0, server.indexOf(":"));
  const refused =
    scheme === "mysql"
      ? `address mysql://tester:x@${denied}/test is not permitted`
      : `address postgres://${denied} is not permitted`;
  const failed = (address: string): [unknown[], unknown] => [
    [address],
    err({ ConnectionFailed: address.includes(denied) ? refused : text }),
  ];
  return [
    [open, "works", [server], ok()],
    [open, "denied", ...failed(`${scheme}://tester:x@${denied}/test`)],
    [open, "server down", ...failed(`${scheme}://tester:x@${nowhere}/test`)],
    [open, "wrong password", ...failed(server.replace("secret", "wrong"))],
    [open, "bad address", ...failed("nonsense")],
  ];
}

/** The same errors where each call names its server. */
function addressRows(server: string, nowhere: string): Row[] {
  const statement = ["SELECT 1", []];
  return openRows(server, nowhere, "query")
    .slice(1)
    .map(([name, about, args, expected]) => [name, about, [...args, ...statement], expected]);
}

function mysqlRows(
  places: Places,
  table: string,
  form: Form & { isStream: boolean },
): readonly Row[] {
  const { mysql, nowhere } = places;
  const values = [{ Int32: 7 }, { Str: "ä" }, { Binary: [0, 255] }, { Floating64: 0.5 }, "DbNull"];
  const columns = [
    { name: "id", data_type: "Int32" },
    { name: "name", data_type: "Str" },
    { name: "data", data_type: "Binary" },
    { name: "size", data_type: "Floating64" },
    { name: "nothing", data_type: "Int64" },
  ];
  const create =
    `CREATE TABLE ${table} ` +
    "(id INT PRIMARY KEY, name VARCHAR(9), data VARBINARY(9), size DOUBLE, nothing BIGINT)";
  const insert = `INSERT INTO ${table} VALUES (?, ?, ?, ?, ?)`;
  const failed = err({ QueryFailed: text });
  return [
    ...(form.opens ? openRows(mysql, nowhere, "open") : addressRows(mysql, nowhere)),
    ["execute", "creates a table", [mysql, create, []], ok()],
    ["execute", "every kind of parameter", [mysql, insert, values], ok()],
    ["execute", "constraint: query-failed", [mysql, insert, values], failed],
    [
      ...(["query", "every kind of value", [mysql, `SELECT * FROM ${table}`, []]] as const),
      rowSet(columns, [values], form.isStream),
    ],
    ["query", "syntax: query-failed", [mysql, "SELEC", []], failed],
    [
      ...(["query", "value-conversion-failed", [mysql, "SELECT NOW() AS x", []]] as const),
      err({ ValueConversionFailed: text }),
    ],
  ];
}

function postgresRows(
  places: Places,
  table: string,
  form: Form & { async: boolean },
): readonly Row[] {
  const { postgres, nowhere } = places;
  const suffix = form.async ? "-async" : "";
  const [query, execute] = [`query${suffix}`, `execute${suffix}`];
  const values = [
    ...[{ Boolean: true }, { Int16: -7 }, { Int32: 7 }, { Int64: 8 }, { Floating32: 0.5 }],
    ...[{ Floating64: 0.25 }, { Str: "ä" }, { Binary: [0, 255] }, "DbNull"],
  ];
  const types = ["bool", "int2", "int4", "int8", "float4", "float8", "text", "bytea", "text"];
  const kinds = [
    ...["Boolean", "Int16", "Int32", "Int64", "Floating32"],
    ...["Floating64", "Str", "Binary", "Str"],
  ];
  const columns = kinds.map((data_type, index) => ({ name: `c${index}`, data_type }));
  const fields = types.map((type, index) => `c${index} ${type}`).join(", ");
  const insert = `INSERT INTO ${table} VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`;
  const failed = err({ QueryFailed: expect.anything() as unknown });
  const create = `CREATE TABLE ${table} (${fields}, UNIQUE (c2))`;
  const unsupported = [postgres, "SELECT '(1,2)'::point AS p", []];
  return [
    ...(form.opens ? openRows(postgres, nowhere, `open${suffix}`) : addressRows(postgres, nowhere)),
    [execute, "creates a table", [postgres, create, []], ok(0)],
    [execute, "every kind of parameter", [postgres, insert, values], ok(1)],
    [execute, "constraint: query-failed", [postgres, insert, values], failed],
    [
      ...([query, "every kind of value", [postgres, `SELECT * FROM ${table}`, []]] as const),
      rowSet(columns, [values], form.async),
    ],
    [query, "a type without a case: unsupported", unsupported, ok(expect.anything())],
    [query, "syntax: query-failed", [postgres, "SELEC", []], failed],
    [
      query,
      "wrong type of parameter",
      [postgres, "SELECT $1::int4", [{ Str: "x" }]],
      err(expect.anything()),
    ],
  ];
}

const dateValues = [
  ...[{ Date: [2024, 2, 29] }, { Time: [12, 34, 56, 789_000_000] }],
  ...[{ Datetime: [2024, 2, 29, 12, 34, 56, 0] }, { Timestamp: 1_700_000_000 }],
];

function dateRows({ postgres }: Places, query: string): readonly Row[] {
  const statement = "SELECT $1::date AS a, $2::time AS b, $3::timestamp AS c, $4::timestamptz AS d";
  // A point in time comes back as the date and time it is in UTC.
  const kinds = ["Date", "Time", "Datetime", "Datetime"];
  const found = [...dateValues.slice(0, 3), { Datetime: [2023, 11, 14, 22, 13, 20, 0] }];
  const columns = kinds.map((data_type, index) => ({ name: "abcd".charAt(index), data_type }));
  const isStream = query.endsWith("async");
  const wrong = [postgres, "SELECT $1", [{ Date: [2023, 2, 29] }]];
  const invalid = expect.stringContaining("invalid date") as unknown;
  return [
    [
      query,
      "dates and times",
      [postgres, statement, dateValues],
      rowSet(columns, [found], isStream),
    ],
    [query, "no such date: bad-parameter", wrong, err({ BadParameter: invalid })],
    [
      isStream ? "execute-async" : "execute",
      "no such date: value-conversion-failed",
      wrong,
      err({ ValueConversionFailed: invalid }),
    ],
  ];
}

/** Parameters that PostgreSQL does not have. */
function olderParameterRows({ postgres }: Places): readonly Row[] {
  const tooMany = Array.from({ length: 65_536 }, () => "DbNull");
  const unsigned = ["query", "execute"].map((name): Row => [
    name,
    "unsigned: value-conversion-failed",
    [postgres, "SELECT $1", [{ Uint8: 1 }]],
    err({ ValueConversionFailed: "Postgres does not support unsigned integers" }),
  ]);
  return [
    ...unsigned,
    [
      "query",
      "too many: bad-parameter",
      [postgres, "SELECT 1", tooMany],
      err({ BadParameter: text }),
    ],
  ];
}

const version4Values = [
  { Uuid: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11" },
  { Jsonb: [...new TextEncoder().encode('{"a":1}')] },
  { Decimal: "12.50" },
  {
    RangeInt32: [
      [1, "Inclusive"],
      [5, "Exclusive"],
    ],
  },
  { RangeInt64: [null, [5, "Exclusive"]] },
  {
    RangeDecimal: [
      ["1.5", "Exclusive"],
      ["2.5", "Inclusive"],
    ],
  },
  { ArrayInt32: [1, null] },
  { ArrayInt64: [2, null] },
  { ArrayDecimal: ["1.5", null] },
  { ArrayStr: ["ä", null] },
  { Interval: { micros: 1_000_000, days: 2, months: 3 } },
];

function version4Rows({ postgres }: Places, query: string): readonly Row[] {
  const types = [
    ...["uuid", "jsonb", "numeric", "int4range", "int8range", "numrange"],
    ...["int4[]", "int8[]", "numeric[]", "text[]", "interval"],
  ];
  const fields = types.map((type, index) => `$${index + 1}::${type} AS c${index}`);
  const columns = version4Values.map((value, index) => ({
    name: `c${index}`,
    data_type: Object.keys(value)[0],
  }));
  const dbError = {
    as_text: text,
    severity: "ERROR",
    code: "42601",
    message: expect.stringContaining("syntax error") as unknown,
    detail: null,
    extras: expect.any(Array) as unknown,
  };
  return [
    [
      ...([
        query,
        "types of version 4",
        [postgres, `SELECT ${fields.join(", ")}`, version4Values],
      ] as const),
      rowSet(columns, [version4Values], query.endsWith("async")),
    ],
    [query, "db-error", [postgres, "SELEC", []], err({ QueryFailed: { DbError: dbError } })],
  ];
}

function builderRows({ postgres, postgresTls, authority }: Places): readonly Row[] {
  const one = ok({ columns: [{ name: "one", data_type: "Int32" }], rows: [[{ Int32: 1 }]] });
  const failed = err({ ConnectionFailed: text });
  const name = "connection-builder";
  return [
    [`${name}.constructor`, "works", [postgres, null], one, "build"],
    [`${name}.set-ca-root`, "works", [postgresTls, authority], one, "build"],
    [`${name}.set-ca-root`, "bad certificate", [postgresTls, "x"], err(expect.anything()), "build"],
    [`${name}.build`, "works", [postgresTls, authority], one, "build"],
    [`${name}.build`, "unknown authority", [postgresTls, null], failed, "build"],
    [`${name}.build-async`, "works", [postgresTls, authority], one, "build-async"],
    [`${name}.build-async`, "unknown authority", [postgresTls, null], failed, "build-async"],
  ];
}

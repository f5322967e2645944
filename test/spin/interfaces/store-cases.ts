import { expect } from "vitest";
import { bytes, casesOf, err, type InterfaceCase, ok, type Row } from "./interface-case.ts";

const text = expect.any(String) as unknown;
const tooManyConnections = expect.stringContaining("too many connections") as unknown;

/** Of variables, configuration, key-value stores and SQLite. */
export function storeCases(): InterfaceCase[] {
  return [
    ...["fermyon:spin/variables@2.0.0", "spin:variables/variables@3.0.0"].flatMap((name) =>
      casesOf(name, variableRows),
    ),
    ...casesOf("fermyon:spin/config", configRows),
    ...casesOf("wasi:config/store@0.2.0-draft-2024-09-27", wasiConfigRows),
    ...casesOf("fermyon:spin/key-value", keyValueV1Rows),
    ...["fermyon:spin/key-value@2.0.0", "spin:key-value/key-value@3.0.0"].flatMap((name) =>
      casesOf(name, keyValueRows(name)),
    ),
    ...wasiKeyValueCases(),
    ...casesOf("fermyon:spin/sqlite", sqliteV1Rows),
    ...casesOf("fermyon:spin/sqlite@2.0.0", [
      ...sqliteRows("v2"),
      ["open", "too many: io", ["default", 10_000], err({ Io: tooManyConnections }), "open many"],
    ]),
    ...casesOf("spin:sqlite/sqlite@3.0.0", [
      ...[...sqliteRows("v30"), ...sqliteCountRows("v30", "")],
      ["open", "too many: io", ["default", 10_000], err({ Io: tooManyConnections }), "open many"],
    ]),
    ...casesOf("spin:sqlite/sqlite@3.1.0", [
      ...[...sqliteRows("v31"), ...sqliteCountRows("v31", "")],
      ...[...sqliteRows("v31a", "-async"), ...sqliteCountRows("v31a", "-async")],
    ]),
  ];
}

const variableRows: readonly Row[] = [
  ["get", "works", ["greeting"], ok("hello")],
  ["get", "undefined", ["nothing"], err({ Undefined: text })],
  ["get", "invalid-name", ["No-Name"], err({ InvalidName: text })],
  ["get", "provider", ["unreachable"], err({ Provider: text })],
];

const configRows: readonly Row[] = [
  ["get-config", "works", ["greeting"], ok("hello")],
  ["get-config", "undefined: provider", ["nothing"], err({ Provider: text })],
  ["get-config", "invalid-key", ["No-Name"], err({ InvalidKey: text })],
  ["get-config", "provider: other", ["unreachable"], err({ Other: text })],
];

const wasiConfigRows: readonly Row[] = [
  ["get", "works", ["greeting"], ok("hello")],
  ["get", "undefined: none", ["nothing"], ok()],
  ["get", "upstream", ["unreachable"], err({ Upstream: text })],
  ["get-all", "upstream", [], err({ Upstream: text })],
];

const keyValueV1Rows: readonly Row[] = [
  ["open", "works", ["default"], ok()],
  ["open", "access-denied", ["hidden"], err("AccessDenied")],
  ["open", "store-table-full", ["default", 257], err("StoreTableFull"), "open many"],
  ["set", "works", ["default", "one", [0, 255]], ok()],
  ["get", "works", ["default", "one"], ok([0, 255])],
  ["get", "no-such-key", ["default", "none"], err("NoSuchKey")],
  ["get", "invalid-store", [7, "one"], err("InvalidStore"), "get of store"],
  ["get", "server down: io", ["down", "one"], err({ Io: text })],
  ["set", "server down: io", ["down", "one", [0]], err({ Io: text })],
  ["exists", "server down: io", ["down", "one"], err({ Io: text })],
  ["get-keys", "server down: io", ["down"], err({ Io: text })],
  ["delete", "server down: io", ["down", "one"], err({ Io: text })],
  ["exists", "works", ["default", "one"], ok(true)],
  ["exists", "missing", ["default", "none"], ok(false)],
  ["get-keys", "works", ["default"], ok(["one"])],
  ["delete", "works", ["default", "one"], ok()],
  ["delete", "missing", ["default", "one"], ok()],
  ["close", "closed: invalid-store", ["default", "one"], err("InvalidStore")],
];

function keyValueRows(name: string): readonly Row[] {
  const store = "default";
  return [
    ["open", "works", [store], ok()],
    ["open", "access-denied", ["hidden"], err("AccessDenied")],
    ["open", "store-table-full", [store, 257], err("StoreTableFull"), "open many"],
    ["set", "works", [store, name, [0, 255]], ok()],
    ["set", "server down: other", ["down", name, [0]], err({ Other: text })],
    ["get", "works", [store, name], ok([0, 255])],
    ["get", "missing: none", [store, "none"], ok()],
    ["get", "server down: other", ["down", name], err({ Other: text })],
    ["exists", "works", [store, name], ok(true)],
    ["exists", "missing", [store, "none"], ok(false)],
    ["exists", "server down: other", ["down", name], err({ Other: text })],
    ["get-keys", "works", [store], ok([name])],
    ["get-keys", "server down: other", ["down"], err({ Other: text })],
    ["delete", "works", [store, name], ok()],
    ["delete", "missing", [store, name], ok()],
    ["delete", "server down: other", ["down", name], err({ Other: text })],
  ];
}

function wasiKeyValueCases(): InterfaceCase[] {
  const store = casesOf("wasi:keyvalue/store@0.2.0-draft2", [
    ["open", "works", ["default"], ok()],
    ["open", "access-denied", ["hidden"], err("AccessDenied")],
    [
      ...(["open", "too many: other", ["default", 257]] as const),
      ...[err({ Other: "store table full" }), "open many"],
    ] as unknown as Row,
    ["set", "works", ["default", "w", bytes("a")], ok()],
    ["get", "works", ["default", "w"], ok(bytes("a"))],
    ["get", "missing: none", ["default", "none"], ok()],
    ["get", "server down: other", ["down", "w"], err({ Other: text })],
    ["set", "server down: other", ["down", "w", []], err({ Other: text })],
    ["exists", "works", ["default", "w"], ok(true)],
    ["exists", "missing", ["default", "none"], ok(false)],
    ["exists", "server down: other", ["down", "w"], err({ Other: text })],
    ["list-keys", "server down: other", ["down", null], err({ Other: text })],
    ["list-keys", "works", ["default", null], ok({ keys: ["w"], cursor: null })],
    [
      ...(["list-keys", "cursor: other", ["default", "c"]] as const),
      err({ Other: "list_keys: cursor not supported" }),
    ],
    ["delete", "works", ["default", "w"], ok()],
    ["delete", "missing", ["default", "w"], ok()],
    ["delete", "server down: other", ["down", "w"], err({ Other: text })],
  ]);
  const swapped = err({ CasFailed: bytes("other") });
  const atomics = casesOf("wasi:keyvalue/atomics@0.2.0-draft2", [
    ["increment", "works", ["default", "n", 5], ok(5)],
    ["increment", "negative", ["default", "n", -7], ok(-2)],
    ["increment", "server down: other", ["down", "n", 1], err({ Other: text })],
    ["cas.new", "works", ["default", "c"], ok(), "current"],
    ["cas.current", "works", ["default", "c"], ok(), "current"],
    ["cas.current", "server down: other", ["down", "c"], err({ Other: text }), "current"],
    [
      ...(["swap", "server down: store-error", ["down", "c", null, bytes("new")]] as const),
      err({ StoreError: { Other: text } }),
    ],
    ["swap", "works", ["default", "c", null, bytes("new")], ok()],
    ["swap", "cas-failed", ["default", "c", bytes("other"), bytes("late")], swapped],
    ["cas.current", "after the swaps", ["default", "c"], ok(bytes("other")), "current"],
  ]);
  const pairs = ["a", "b"].map((key) => [key, bytes(key)]);
  const found = [...pairs, ["none", null]];
  const batch = casesOf("wasi:keyvalue/batch@0.2.0-draft2", [
    ["set-many", "works", ["default", pairs], ok()],
    ["get-many", "works", ["default", ["a", "b", "none"]], ok(found)],
    ["get-many", "server down: other", ["down", ["a"]], err({ Other: text })],
    ["delete-many", "works", ["default", ["a", "none"]], ok()],
    ["set-many", "server down: other", ["down", pairs], err({ Other: text })],
    ["delete-many", "server down: other", ["down", ["a"]], err({ Other: text })],
  ]);
  return [...store, ...atomics, ...batch];
}

const values = [{ Integer: -7 }, { Real: 0.5 }, { Text: "ä" }, { Blob: [0, 255] }, "Null"];
const selectAll = "SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e";
const selected = ok({ columns: ["a", "b", "c", "d", "e"], rows: [{ values }] });

const sqliteV1Rows: readonly Row[] = [
  ["open", "works", ["default"], ok()],
  ["open", "access-denied", ["hidden"], err("AccessDenied")],
  ["execute", "every type", ["default", selectAll, values], selected],
  ["execute", "io", ["default", "SELEC", []], err({ Io: text })],
  [
    "execute",
    "invalid-connection",
    [7, "SELECT 1"],
    err("InvalidConnection"),
    "execute of connection",
  ],
  ["close", "closed: invalid-connection", ["default"], err("InvalidConnection")],
];

function sqliteRows(table: string, suffix = ""): readonly Row[] {
  const [open, execute] = [`open${suffix}`, `execute${suffix}`];
  const nothing = ok({ columns: [], rows: [] });
  const create = `CREATE TABLE ${table} (id INTEGER PRIMARY KEY, name TEXT UNIQUE)`;
  const insert = `INSERT INTO ${table} (name) VALUES ('x')`;
  return [
    [open, "works", ["default"], ok()],
    [open, "access-denied", ["hidden"], err("AccessDenied")],
    [execute, "every type", ["default", selectAll, values], selected],
    [execute, "creates a table", ["default", create, []], nothing],
    [execute, "inserts", ["default", insert, []], nothing],
    [
      execute,
      "constraint: io",
      ["default", insert, []],
      err({ Io: expect.stringContaining("UNIQUE") }),
    ],
    [
      execute,
      "syntax: io",
      ["default", "SELEC", []],
      err({ Io: expect.stringContaining("syntax") }),
    ],
    [
      execute,
      "too few parameters: io",
      ["default", "SELECT ?, ?", [{ Integer: 1 }]],
      err({ Io: text }),
    ],
    [execute, "attach: io", ["default", "ATTACH '/tmp/x.db' AS x", []], err({ Io: text })],
  ];
}

function sqliteCountRows(table: string, suffix: string): readonly Row[] {
  const insert = `INSERT INTO ${table} (name) VALUES ('y'), ('z')`;
  const update = `UPDATE ${table} SET name = name || '!'`;
  return [
    [`last-insert-rowid${suffix}`, "works", ["default", insert], ok(3)],
    [`changes${suffix}`, "works", ["default", update], ok(3)],
  ];
}

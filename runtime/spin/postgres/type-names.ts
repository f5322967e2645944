import type { FieldDef } from "pg";
import type { PostgresConnection } from "./postgres-connection.ts";
import { PostgresStatement } from "./postgres-statement.ts";

/** Names of built-in types that WIT does not know (pg_type.dat of PostgreSQL). */
const builtIn: ReadonlyMap<number, string> = new Map(
  [
    "18 char|19 name|22 int2vector|24 regproc|26 oid|27 tid|28 xid|29 cid|30 oidvector|114 json",
    "142 xml|143 _xml|199 _json|600 point|601 lseg|602 path|603 box|604 polygon|628 line|650 cidr",
    "651 _cidr|705 unknown|718 circle|774 macaddr8|790 money|829 macaddr|869 inet|1000 _bool",
    "1001 _bytea|1002 _char|1003 _name|1005 _int2|1017 _point|1021 _float4|1022 _float8|1028 _oid",
    "1041 _inet|1115 _timestamp|1182 _date|1183 _time|1185 _timestamptz|1187 _interval|1266 timetz",
    "1270 _timetz|1560 bit|1561 _bit|1562 varbit|1563 _varbit|1790 refcursor|2202 regprocedure",
    "2205 regclass|2206 regtype|2249 record|2275 cstring|2278 void|2287 _record|2951 _uuid",
    "3220 pg_lsn|3614 tsvector|3615 tsquery|3642 gtsvector|3643 _tsvector|3645 _tsquery",
    "3807 _jsonb|3905 _int4range|3907 _numrange|3908 tsrange|3909 _tsrange|3910 tstzrange",
    "3911 _tstzrange|3912 daterange|3913 _daterange|3927 _int8range|4072 jsonpath|4089 regnamespace",
    "4096 regrole|4451 int4multirange|4532 nummultirange|4533 tsmultirange|4534 tstzmultirange",
    "4535 datemultirange|4536 int8multirange|5038 pg_snapshot|5069 xid8",
  ]
    .flatMap((line) => line.split("|"))
    .map((entry) => {
      const [oid, name = ""] = entry.split(" ");
      return [Number(oid), name] as const;
    }),
);

/** Names of types made in the database, asked for once per connection. */
export class TypeNames {
  readonly #found = new Map<number, string>();

  /** Name of a type; its number in words where it was not {@link learn}ed. */
  nameOf(oid: number): string {
    return builtIn.get(oid) ?? this.#found.get(oid) ?? `type ${oid}`;
  }

  /** Whether there is a name to {@link learn}. */
  lacks(fields: readonly FieldDef[]): boolean {
    return fields.some(({ dataTypeID }) => this.#isUnknown(dataTypeID));
  }

  /** Asks the server for the names that are unknown yet; stays without them when that fails. */
  async learn(connection: PostgresConnection, fields: readonly FieldDef[]): Promise<void> {
    const wanted = fields.map(({ dataTypeID }) => dataTypeID).filter((oid) => this.#isUnknown(oid));
    const statement = new PostgresStatement(
      {
        text: "SELECT oid::int8, typname::text FROM pg_catalog.pg_type WHERE oid = ANY($1::oid[])",
        values: [`{${wanted.join(",")}}`],
      },
      {
        columns: () => undefined,
        row: ([oid, name]) => {
          this.#found.set(Number(oid?.readBigInt64BE()), name?.toString() ?? "");
        },
      },
    );
    await connection.run(statement).catch(() => undefined);
  }

  #isUnknown(oid: number): boolean {
    return oid >= firstOwnOid && !builtIn.has(oid) && !this.#found.has(oid);
  }
}

/** Types below this number come with PostgreSQL (FirstNormalObjectId). */
const firstOwnOid = 16_384;

import protobuf from "protobufjs/minimal.js";
import type { Field, FieldKind, Message } from "./otlp-schema.ts";

type Writer = protobuf.Writer;

const wireTypes: Readonly<Record<FieldKind, 0 | 1 | 2 | 5>> = {
  string: 2,
  hex: 2,
  bool: 0,
  enum: 0,
  uint32: 0,
  sint32: 0,
  int64: 0,
  uint64: 0,
  double: 1,
  fixed64: 1,
  sfixed64: 1,
  fixed32: 5,
};

/** An OTLP message, given in OTLP/JSON's form, in protobuf. Fields that the schema lacks are left out. */
export function encodeProtobuf(
  message: Message,
  value: Readonly<Record<string, unknown>>,
): Uint8Array {
  const writer = protobuf.Writer.create();
  writeFields(writer, message, value);
  return writer.finish();
}

/** Messages are made by functions, because they contain each other: each is asked for once. */
const known = new WeakMap<() => Message, Message>();

function writeFields(
  writer: Writer,
  message: Message,
  value: Readonly<Record<string, unknown>>,
): void {
  for (const name in value) {
    const field = message[name];
    const item = value[name];
    if (field !== undefined && item !== undefined) writeField(writer, field, item);
  }
}

function writeField(writer: Writer, field: Field, value: unknown): void {
  if (!("kind" in field)) {
    const items = field.repeated === undefined ? [value] : (value as readonly unknown[]);
    let message = known.get(field.message);
    if (message === undefined) known.set(field.message, (message = field.message()));
    for (const item of items) {
      writer.uint32((field.number << 3) | 2).fork();
      writeFields(writer, message, item as Readonly<Record<string, unknown>>);
      writer.ldelim();
    }
    return;
  }
  if (field.repeated === undefined) {
    writer.uint32((field.number << 3) | wireTypes[field.kind]);
    writeScalar(writer, field.kind, value);
    return;
  }
  writer.uint32((field.number << 3) | 2).fork();
  for (const item of value as readonly unknown[]) writeScalar(writer, field.kind, item);
  writer.ldelim();
}

function writeScalar(writer: Writer, kind: FieldKind, value: unknown): void {
  switch (kind) {
    case "string":
      writer.string(String(value));
      return;
    case "hex":
      writer.bytes(Buffer.from(String(value), "hex"));
      return;
    case "bool":
      writer.bool(value === true);
      return;
    case "double":
      writer.double(Number(value));
      return;
    case "enum":
    case "uint32":
      writer.uint32(Number(value));
      return;
    case "sint32":
      writer.sint32(Number(value));
      return;
    case "fixed32":
      writer.fixed32(Number(value));
      return;
    case "fixed64":
    case "sfixed64":
      writer.fixed64(halves(String(value)));
      return;
    case "int64":
    case "uint64":
      writer.uint64(halves(String(value)));
      return;
  }
}

/** Two halves: the library reads numbers beyond 2^53 only in this form. */
function halves(text: string): { low: number; high: number; unsigned: boolean } {
  const bits = BigInt.asUintN(64, BigInt(text));
  return { low: Number(bits & 0xffff_ffffn), high: Number(bits >> 32n), unsigned: true };
}

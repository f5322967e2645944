import { getRawPointer } from "node:ffi";

/** A struct msghdr and what it points to, which has to be held as long as it is used. */
export interface DescriptorMessage {
  readonly header: Buffer;
  readonly parts: { readonly data: Buffer; readonly vector: Buffer; readonly control: Buffer };
}

/** Linux on 64 bit: sizes and offsets of struct msghdr and struct cmsghdr. */
const headerBytes = 56;
const offset = { vector: 16, vectorCount: 24, control: 32, controlBytes: 40 } as const;
const controlHeaderBytes = 16;
const socketLevel = 1;
const rights = 1;

/** One datagram with descriptors (SCM_RIGHTS). */
export function messageWithDescriptors(
  text: string,
  descriptors: readonly number[],
): DescriptorMessage {
  const bytes = controlHeaderBytes + descriptors.length * 4;
  // Padded to the size of a word.
  const control = Buffer.alloc(Math.ceil(bytes / 8) * 8);
  control.writeBigUInt64LE(BigInt(bytes), 0);
  control.writeInt32LE(socketLevel, 8);
  control.writeInt32LE(rights, 12);
  for (const [index, fd] of descriptors.entries()) {
    control.writeInt32LE(fd, controlHeaderBytes + index * 4);
  }
  return message(Buffer.from(text), control, descriptors.length === 0 ? 0 : bytes);
}

/** Room for one datagram of at most these sizes; {@link receivedDescriptors} reads it. */
export function messageRoom(textBytes: number, descriptors: number): DescriptorMessage {
  const control = Buffer.alloc(controlHeaderBytes + Math.ceil(descriptors / 2) * 8);
  return message(Buffer.alloc(textBytes), control, control.length);
}

/** What has arrived in {@link messageRoom}, of `textBytes` bytes. */
export function receivedDescriptors(
  { header, parts }: DescriptorMessage,
  textBytes: number,
): { readonly text: string; readonly descriptors: readonly number[] } {
  const text = parts.data.toString("utf8", 0, textBytes);
  const given = Number(header.readBigUInt64LE(offset.controlBytes));
  if (given < controlHeaderBytes) return { text, descriptors: [] };
  const { control } = parts;
  if (control.readInt32LE(8) !== socketLevel || control.readInt32LE(12) !== rights) {
    return { text, descriptors: [] };
  }
  const count = (Number(control.readBigUInt64LE(0)) - controlHeaderBytes) / 4;
  const descriptors = Array.from({ length: count }, (_, index) =>
    control.readInt32LE(controlHeaderBytes + index * 4),
  );
  return { text, descriptors };
}

function message(data: Buffer, control: Buffer, controlBytes: number): DescriptorMessage {
  const vector = Buffer.alloc(16);
  vector.writeBigUInt64LE(getRawPointer(data), 0);
  vector.writeBigUInt64LE(BigInt(data.length), 8);
  const header = Buffer.alloc(headerBytes);
  header.writeBigUInt64LE(getRawPointer(vector), offset.vector);
  header.writeBigUInt64LE(1n, offset.vectorCount);
  if (controlBytes > 0) header.writeBigUInt64LE(getRawPointer(control), offset.control);
  header.writeBigUInt64LE(BigInt(controlBytes), offset.controlBytes);
  return { header, parts: { data, vector, control } };
}

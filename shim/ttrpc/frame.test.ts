import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeFrame, type Frame, FrameDecoder, frameTypes, remoteClosed } from "./frame.ts";

const max = 64;

function frame(stream: number, payload: Uint8Array): Omit<Frame, "kind"> {
  return { stream, type: frameTypes.request, flags: remoteClosed, payload };
}

function header(length: number, stream: number): Buffer {
  const bytes = Buffer.alloc(10);
  bytes.writeUInt32BE(length, 0);
  bytes.writeUInt32BE(stream, 4);
  bytes.writeUInt8(frameTypes.request, 8);
  return bytes;
}

test("the layout is length, stream, type, flags, payload", () => {
  const bytes = encodeFrame(frame(3, Buffer.from("ab")), max);
  expect(bytes.toString("hex")).toBe("00000002000000030101" + "6162");
});

test("frames come out as they went in, however the bytes are cut", () => {
  const frames = fc.array(
    fc.record({
      stream: fc.nat(),
      type: fc.constantFrom(1, 2, 3),
      flags: fc.nat(7),
      payload: fc.uint8Array({ maxLength: max }),
    }),
  );
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 40 }), (sent, size) => {
      const bytes = Buffer.concat(sent.map((each) => encodeFrame(each, max)));
      const decoder = new FrameDecoder(max);
      const received = [];
      for (let at = 0; at < bytes.length; at += size) {
        received.push(...decoder.push(bytes.subarray(at, at + size)));
      }
      expect(decoder.pendingBytes).toBe(0);
      expect(received.map((each) => ("payload" in each ? [...each.payload] : each))).toEqual(
        sent.map(({ payload }) => [...payload]),
      );
    }),
  );
});

test("a payload does not change when the chunk it came in is used again", () => {
  const chunk = encodeFrame(frame(1, Buffer.from("abc")), max);
  const [first] = new FrameDecoder(max).push(chunk);
  chunk.fill(0);
  expect(first).toMatchObject({ payload: Buffer.from("abc") });
});

describe("a frame above the limit", () => {
  test("is reported at its header, and skipped", () => {
    const decoder = new FrameDecoder(max);
    expect(decoder.push(header(max + 1, 5))).toEqual([
      { kind: "oversized", stream: 5, type: frameTypes.request, announced: max + 1 },
    ]);
    expect(decoder.pendingBytes).toBe(max + 1);
    expect(decoder.push(Buffer.alloc(max))).toEqual([]);
    const rest = Buffer.concat([Buffer.alloc(1), encodeFrame(frame(7, Buffer.from("x")), max)]);
    expect(decoder.push(rest)).toMatchObject([{ kind: "frame", stream: 7 }]);
  });

  test("of 4 GiB allocates nothing", () => {
    const before = process.memoryUsage().arrayBuffers;
    const decoder = new FrameDecoder(4 * 1024 * 1024);
    expect(decoder.push(header(0xffff_ffff, 1))).toMatchObject([{ announced: 0xffff_ffff }]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  });

  test("is not encoded either", () => {
    expect(() => encodeFrame(frame(1, new Uint8Array(max + 1)), max)).toThrow(
      "65 bytes, more than the limit of 64",
    );
  });
});

test("what is missing of a truncated frame is known", () => {
  const bytes = encodeFrame(frame(1, Buffer.from("abcdef")), max);
  const decoder = new FrameDecoder(max);
  expect(decoder.push(bytes.subarray(0, 4))).toEqual([]);
  expect(decoder.pendingBytes).toBe(4);
  expect(decoder.push(bytes.subarray(4, 12))).toEqual([]);
  expect(decoder.pendingBytes).toBe(2);
});

test("another decoder goes on with an unfinished frame, wherever it was cut", () => {
  const bytes = encodeFrame(frame(3, Buffer.from("payload")), max);
  for (let at = 0; at < bytes.length; at += 1) {
    const first = new FrameDecoder(max);
    expect(first.push(bytes.subarray(0, at))).toEqual([]);
    const { bytes: begun, skip } = first.unfinished;
    expect(begun).toEqual(bytes.subarray(0, at));
    const second = new FrameDecoder(max, skip);
    const frames = [...second.push(begun), ...second.push(bytes.subarray(at))];
    expect(frames).toMatchObject([{ stream: 3, payload: Buffer.from("payload") }]);
  }
});

test("another decoder goes on skipping a frame above the limit", () => {
  const first = new FrameDecoder(max);
  first.push(Buffer.concat([header(max + 1, 5), Buffer.alloc(10)]));
  const { bytes, skip } = first.unfinished;
  expect({ length: bytes.length, skip }).toEqual({ length: 0, skip: max - 9 });
  const second = new FrameDecoder(max, skip);
  const rest = Buffer.concat([Buffer.alloc(skip), encodeFrame(frame(7, Buffer.from("x")), max)]);
  expect(second.push(rest)).toMatchObject([{ stream: 7 }]);
});

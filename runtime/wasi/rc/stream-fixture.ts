import { Buffer } from "node:buffer";
import { bytesInputStream, callbackOutputStream } from "../io/memory-streams.ts";
import type { InputStream, OutputStream } from "../io/streams.ts";

/** Two streams in memory for tests, and what happened to them: `write hel`, `dispose input`. */
export interface MemoryStreamPair {
  readonly input: InputStream;
  readonly output: OutputStream;
  readonly events: string[];
}

/** An input with that text, and an output that records. */
export function memoryStreamPair(text: string): MemoryStreamPair {
  const events: string[] = [];
  const input = bytesInputStream(Buffer.from(text));
  const dispose = input.dispose.bind(input);
  input.dispose = () => {
    events.push("dispose input");
    dispose();
  };
  const output = callbackOutputStream((bytes) => {
    events.push(`write ${Buffer.from(bytes).toString()}`);
  });
  return { input, output, events };
}

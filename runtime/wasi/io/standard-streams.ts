import type { WasiContext } from "../context.ts";
import type { InputStream, OutputStream } from "./streams.ts";

type OutputName = "stdout" | "stderr";

/** A stdin that is told apart from other streams, so that each instance can have its own instead. */
export class StandardInput implements InputStream {
  readonly name = "stdin";
  readonly #stream: InputStream;

  constructor(stream: InputStream) {
    this.#stream = stream;
  }

  isReady(): boolean {
    return this.#stream.isReady();
  }

  wait(): Promise<void> {
    return this.#stream.wait();
  }

  read(length: number): Uint8Array {
    return this.#stream.read(length);
  }

  dispose(): void {
    this.#stream.dispose();
  }
}

/** As {@link StandardInput}, of stdout or stderr. */
export class StandardOutput implements OutputStream {
  readonly name: OutputName;
  readonly #stream: OutputStream;

  constructor(name: OutputName, stream: OutputStream) {
    this.name = name;
    this.#stream = stream;
  }

  isReady(): boolean {
    return this.#stream.isReady();
  }

  wait(): Promise<void> {
    return this.#stream.wait();
  }

  checkWrite(): number {
    return this.#stream.checkWrite();
  }

  write(bytes: Uint8Array): void {
    this.#stream.write(bytes);
  }

  flush(): void {
    this.#stream.flush();
  }

  dispose(): void {
    this.#stream.dispose();
  }
}

/** HostResource.lasting of input-stream. */
export const lastingInput = {
  nameOf: (stream: object): string | undefined =>
    stream instanceof StandardInput ? stream.name : undefined,
  of: (context: WasiContext, _name: string): object => context.cli.stdin(),
};

/** HostResource.lasting of output-stream. */
export const lastingOutput = {
  nameOf: (stream: object): string | undefined =>
    stream instanceof StandardOutput ? stream.name : undefined,
  of: (context: WasiContext, name: string): object =>
    name === "stdout" ? context.cli.stdout() : context.cli.stderr(),
};

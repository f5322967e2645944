import { err, ok } from "../../../instance/host-interface.ts";
import type { Result, StreamReader, StreamSource } from "../../../instance/host-interface.ts";
import { limits } from "../../../limits.ts";
import type { WasiContext } from "../../context.ts";
import { inputStreamSource, writeStream } from "../../io/stream-transfer.ts";
import { StreamFailure } from "../../io/streams.ts";
import type { OutputStream } from "../../io/streams.ts";
import type { Descriptor } from "../descriptor.ts";
import { DirectoryEntries } from "../directory-entries.ts";
import * as files from "../file-operations.ts";
import { directoryEntry03, errorCode03Of } from "./values.ts";
import type { DirectoryEntry03, ErrorCode03 } from "./values.ts";

type Outcome = Result<undefined, ErrorCode03>;

/** What a file's or directory's content is read through, and how that ends. */
type Reading<T> = [StreamSource<T>, Promise<Outcome>];

/** The `err` of what `node:fs` threw; anything else is thrown on, a trap. */
function failure(error: unknown): Outcome {
  const code = errorCode03Of(error);
  if (code === undefined) throw error;
  return err(code);
}

const nothing: StreamSource<never> = { pull: () => undefined };

export function readViaStream(
  context: WasiContext,
  descriptor: Descriptor,
  offset: bigint,
): Reading<Uint8Array> {
  try {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const input = files.readViaStream(context, descriptor, offset);
    const source = inputStreamSource(input, (error) => {
      resolve(error === undefined ? ok(undefined) : failure(error));
    });
    return [source, promise];
  } catch (error) {
    return [nothing, Promise.resolve(failure(error))];
  }
}

export function readDirectory(
  _context: WasiContext,
  descriptor: Descriptor,
): Reading<DirectoryEntry03> {
  try {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    return [new DirectorySource(new DirectoryEntries(descriptor), resolve), promise];
  } catch (error) {
    return [nothing, Promise.resolve(failure(error))];
  }
}

export function writeViaStream(
  context: WasiContext,
  descriptor: Descriptor,
  data: StreamReader<Uint8Array>,
  offset: bigint,
): Promise<Outcome> {
  return write(data, () => files.writeViaStream(context, descriptor, offset));
}

export function appendViaStream(
  context: WasiContext,
  descriptor: Descriptor,
  data: StreamReader<Uint8Array>,
): Promise<Outcome> {
  return write(data, () => files.appendViaStream(context, descriptor));
}

async function write(data: StreamReader<Uint8Array>, open: () => OutputStream): Promise<Outcome> {
  using owned = data;
  let output: OutputStream | undefined;
  try {
    output = open();
    await writeStream(owned, output);
    return ok(undefined);
  } catch (error) {
    const isFailed = error instanceof StreamFailure && error.error.tag !== "closed";
    return failure(isFailed ? error.error.val.cause : error);
  } finally {
    output?.dispose();
  }
}

/** A directory's entries, read as the guest asks. */
class DirectorySource implements StreamSource<DirectoryEntry03> {
  readonly #entries: DirectoryEntries;
  readonly #resolve: (outcome: Outcome) => void;
  #isOpen = true;

  constructor(entries: DirectoryEntries, resolve: (outcome: Outcome) => void) {
    this.#entries = entries;
    this.#resolve = resolve;
  }

  pull(max: number): readonly DirectoryEntry03[] | undefined {
    const chunk: DirectoryEntry03[] = [];
    const count = Math.min(max, limits.directoryEntriesPerReadMax);
    try {
      while (chunk.length < count) {
        const entry = this.#isOpen ? this.#entries.read() : undefined;
        if (entry === undefined) break;
        chunk.push(directoryEntry03(entry));
      }
    } catch (error) {
      this.#close(failure(error));
    }
    if (chunk.length > 0) return chunk;
    this.#close(ok(undefined));
    return undefined;
  }

  drop(): void {
    this.#close(ok(undefined));
  }

  #close(outcome: Outcome): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#entries.dispose();
    this.#resolve(outcome);
  }
}

import { closeSync, openSync, writeSync } from "node:fs";
import { endianness } from "node:os";
import { threadId } from "node:worker_threads";
import {
  pageBytes,
  type PageFinder,
  PagemapReader,
  PagemapScanner,
  type VisitPages,
} from "./changed-pages.ts";
import { loadFfi } from "./load-ffi.ts";
import { limits } from "../limits.ts";
import type { InstanceMemories } from "./core-memories.ts";
import { countMemoriesWithHeap } from "./memory-accounting.ts";
import { RecentlyKept } from "./recently-kept.ts";
import type { CopiedImage, MemoryImage } from "./memory-image.ts";

type Native = ReturnType<typeof openNative>;

/** Linux on x86-64 and arm64 (asm-generic/mman-common.h). */
const prot = { read: 1, write: 2 } as const;
const map = { shared: 1, private: 2, fixed: 0x10, anonymous: 0x20 } as const;
const madviseDontneed = 4;
const memfdCloexec = 1;
const failed = 0xffff_ffff_ffff_ffffn;

/** Up to this size reading every page's entry costs less than asking for ranges (measured). */
const smallBytesMax = 8 * 1024 * 1024;

/**
 * Beyond this many pages resident for each one that a request changes, the kernel is asked to drop
 * them all: copying back what nobody writes to any more costs more than a fault per page then.
 */
const residentPerChanged = 4;
const residentSlackPages = 64;
/** So often it is found out anew how many pages a request changes. */
const resetsPerSurvey = 4096;

/** What the kernel calls the images of a thread: whoever sees it end abruptly can tell them by it. */
export function imageName(thread: number): string {
  return `whorl-${thread}`;
}

/**
 * Copy-on-write memories by system calls: the pages of a WebAssembly.Memory become a private
 * mapping of an anonymous file, so that instances share what they only read, and that only pages
 * that were written to have to be put back.
 */
export class MemoryMapper implements Disposable {
  readonly #native: Native;
  readonly #finders: { readonly small: PageFinder; readonly large: PageFinder };
  readonly #pagemap: number;
  /**
   * By pool: emptied memories of an instance that was given back, for its next one. A new memory costs
   * a reservation of gigabytes of addresses; what is kept takes addresses only.
   */
  readonly kept = new RecentlyKept<InstanceMemories>(limits.keptMemoriesMax);
  /** By pool whose last instance is at rest: how it is given back after all. */
  readonly atRest = new RecentlyKept<() => void>(limits.restingInstancesMax, (giveBack) =>
    giveBack(),
  );
  #images = 0;
  #isDisposed = false;

  private constructor(
    native: Native,
    finders: { readonly small: PageFinder; readonly large: PageFinder },
    pagemap: number,
  ) {
    this.#native = native;
    this.#finders = finders;
    this.#pagemap = pagemap;
  }

  /**
   * Undefined where this system does not offer all that is needed; nothing else changes then.
   * `withScan: false` does without what came with Linux 6.7, for tests.
   */
  static open({ withScan = true }: { readonly withScan?: boolean } = {}): MemoryMapper | undefined {
    if (process.platform !== "linux" || endianness() !== "LE") return undefined;
    let pagemap: number | undefined;
    try {
      const native = openNative();
      pagemap = openSync("/proc/self/pagemap", "r");
      const reader = new PagemapReader(pagemap);
      const scanner = new PagemapScanner(pagemap, native);
      for (const large of withScan ? [scanner, reader] : [reader]) {
        const mapper = new MemoryMapper(native, { small: reader, large }, pagemap);
        if (!mapper.#isWorking(reader) || !mapper.#isWorking(large)) continue;
        countMemoriesWithHeap();
        return mapper;
      }
    } catch {
      // No ffi in this Node, no such system call, or not allowed: the portable way is used.
    }
    if (pagemap !== undefined) closeSync(pagemap);
    return undefined;
  }

  /** An image whose pages instances share; undefined when the system has no room for it. */
  image(copied: CopiedImage): MappedImage | undefined {
    if (copied.size === 0) return undefined;
    const file = this.#native.memfd_create(imageName(threadId), memfdCloexec);
    if (file < 0) return undefined;
    try {
      for (const { offset, bytes } of copied.spans) writeAll(file, bytes, offset);
      // Makes the file as long as the memory.
      if (!endsWith(copied)) writeAll(file, new Uint8Array(1), copied.size - 1);
      const { size } = copied;
      const address = this.#map({ address: 0n, size, prot: prot.read, flags: map.shared, file });
      const contents = new Uint8Array(this.#native.toArrayBuffer(address, size));
      this.#images++;
      return new MappedImage({ mapper: this, file, contents, address });
    } catch {
      this.#native.close(file);
      return undefined;
    }
  }

  /** Gives back what an image holds; memories that are mapped over stay as they are. */
  releaseImage({ file, address, size }: { file: number; address: bigint; size: number }): void {
    this.#native.close(file);
    this.#native.munmap(address, BigInt(size));
    this.#images--;
    this.#close();
  }

  /** Images go on until they are disposed themselves. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#close();
  }

  #close(): void {
    if (this.#isDisposed && this.#images === 0) closeSync(this.#pagemap);
  }

  address(memory: WebAssembly.Memory): bigint {
    return this.#native.pointer(memory.buffer);
  }

  /** Maps the file over the first `size` bytes of a memory; their contents are gone. */
  mapOver(address: bigint, size: number, file: number): void {
    const flags = map.private | map.fixed;
    this.#map({ address, size, prot: prot.read | prot.write, flags, file });
  }

  /** Lets the first `size` bytes of a memory be pages that nobody has written to. */
  clear(address: bigint, size: number): void {
    const flags = map.private | map.fixed | map.anonymous;
    this.#map({ address, size, prot: prot.read | prot.write, flags, file: -1 });
  }

  #map(given: {
    readonly address: bigint;
    readonly size: number;
    readonly prot: number;
    readonly flags: number;
    readonly file: number;
  }): bigint {
    const { address, size, flags, file } = given;
    const mapped = this.#native.mmap(address, BigInt(size), given.prot, flags, file, 0n);
    if (mapped === failed) throw new Error(`mmap of ${size} bytes failed`);
    return mapped;
  }

  /** Lets the pages be as in the file again, or zero where there is none. */
  discard(address: bigint, size: number): boolean {
    return this.#native.madvise(address, BigInt(size), madviseDontneed) === 0;
  }

  /** Gives the pages of a memory that nobody uses any more back to the system, where it takes them. */
  letGo({ buffer }: WebAssembly.Memory): void {
    // Other threads may still use one that is shared.
    if (!(buffer instanceof ArrayBuffer) || buffer.byteLength === 0) return;
    this.discard(this.#native.pointer(buffer), buffer.byteLength);
  }

  /** As {@link PageFinder.changedPages}. */
  changedPages(address: bigint, size: number, visit: VisitPages): number | undefined {
    const { small, large } = this.#finders;
    return (size <= smallBytesMax ? small : large).changedPages(address, size, visit);
  }

  /** Tries everything once on a small memory: kernels and sandboxes differ. */
  #isWorking(finder: PageFinder): boolean {
    const memory = new WebAssembly.Memory({ initial: 2 });
    const bytes = new Uint8Array(memory.buffer);
    const file = this.#native.memfd_create(imageName(threadId), memfdCloexec);
    if (file < 0) return false;
    try {
      writeAll(file, new Uint8Array(2 * 65_536).fill(1), 0);
      const address = this.address(memory);
      this.mapOver(address, bytes.length, file);
      const sum = (bytes[0] ?? 0) + (bytes[70_000] ?? 0);
      bytes[70_000] = 9;
      const found: number[] = [];
      const pages = finder.changedPages(address, bytes.length, (offset) => found.push(offset));
      const isFound = pages === 1 && found[0] === 17 * pageBytes;
      return sum === 2 && isFound && this.discard(address, bytes.length) && bytes[70_000] === 1;
    } finally {
      this.#native.close(file);
    }
  }
}

interface Mapping {
  buffer: ArrayBuffer;
  readonly address: bigint;
  resetsLeft: number;
  /** Pages that one request changed when it was last surveyed. */
  changed: number;
  isSurvey: boolean;
}

/** An image in an anonymous file that memories are private mappings of. */
export class MappedImage implements MemoryImage, Disposable {
  readonly size: number;
  readonly #mapper: MemoryMapper;
  readonly #file: number;
  readonly #address: bigint;
  /** Undefined after disposal: its pages are gone. */
  #contents: Uint8Array | undefined;
  readonly #mappings = new WeakMap<WebAssembly.Memory, Mapping>();

  constructor(given: {
    readonly mapper: MemoryMapper;
    readonly file: number;
    readonly contents: Uint8Array;
    readonly address: bigint;
  }) {
    this.#mapper = given.mapper;
    this.#file = given.file;
    this.#contents = given.contents;
    this.#address = given.address;
    this.size = given.contents.length;
  }

  /** No memory can be restored afterwards. */
  [Symbol.dispose](): void {
    if (this.#contents === undefined) return;
    this.#contents = undefined;
    this.#mapper.releaseImage({ file: this.#file, address: this.#address, size: this.size });
  }

  restore(memory: WebAssembly.Memory): boolean {
    const contents = this.#contents;
    if (contents === undefined) return false;
    const { buffer } = memory;
    const mapping = this.#mappings.get(memory);
    if (mapping === undefined) return this.#map(memory);
    if (mapping.buffer !== buffer) {
      // It has grown. V8 does that in place; if it ever does not, the mapping is elsewhere.
      if (this.#mapper.address(memory) !== mapping.address) return false;
      mapping.buffer = buffer;
    }
    const bytes = new Uint8Array(buffer);
    const pages = this.#copyBack(mapping, bytes, contents);
    if (pages === undefined) return false;
    return this.#limitResident(mapping, bytes.length, pages);
  }

  rest(memory: WebAssembly.Memory): boolean {
    const mapping = this.#mappings.get(memory);
    if (this.#contents === undefined || mapping?.buffer !== memory.buffer) return false;
    return this.#mapper.discard(mapping.address, memory.buffer.byteLength);
  }

  empty(memory: WebAssembly.Memory): boolean {
    this.#mappings.delete(memory);
    try {
      this.#mapper.clear(this.#mapper.address(memory), memory.buffer.byteLength);
      return true;
    } catch {
      return false;
    }
  }

  #map(memory: WebAssembly.Memory): boolean {
    const address = this.#mapper.address(memory);
    try {
      this.#mapper.mapOver(address, this.size, this.#file);
    } catch {
      return false;
    }
    const bytes = new Uint8Array(memory.buffer);
    bytes.fill(0, this.size);
    const counters = { resetsLeft: resetsPerSurvey, changed: 0, isSurvey: true };
    this.#mappings.set(memory, { buffer: memory.buffer, address, ...counters });
    return true;
  }

  /** Pages once written to stay resident: the next request most likely writes to them again. */
  #copyBack({ address }: Mapping, bytes: Uint8Array, contents: Uint8Array): number | undefined {
    const { size } = this;
    return this.#mapper.changedPages(address, bytes.length, (offset, end) => {
      if (offset < size) bytes.set(contents.subarray(offset, Math.min(end, size)), offset);
      if (end > size) bytes.fill(0, Math.max(offset, size), end);
    });
  }

  #limitResident(mapping: Mapping, size: number, pages: number): boolean {
    if (mapping.isSurvey) mapping.changed = pages;
    mapping.isSurvey = false;
    const isTooMuch = pages > mapping.changed * residentPerChanged + residentSlackPages;
    if (--mapping.resetsLeft > 0 && !isTooMuch) return true;
    mapping.resetsLeft = resetsPerSurvey;
    mapping.isSurvey = true;
    return this.#mapper.discard(mapping.address, size);
  }
}

function endsWith({ spans, size }: CopiedImage): boolean {
  const last = spans.at(-1);
  return last !== undefined && last.offset + last.bytes.length === size;
}

function writeAll(file: number, bytes: Uint8Array, position: number): void {
  let done = 0;
  while (done < bytes.length) {
    done += writeSync(file, bytes, done, bytes.length - done, position + done);
  }
}

/** The C library's functions, by node:ffi. Throws where it is missing. */
function openNative() {
  const ffi = loadFfi();
  const { functions } = ffi.dlopen(null, {
    mmap: { return: "pointer", arguments: ["pointer", "u64", "i32", "i32", "i32", "i64"] },
    munmap: { return: "i32", arguments: ["pointer", "u64"] },
    madvise: { return: "i32", arguments: ["pointer", "u64", "i32"] },
    // Not by Node, which looks after the descriptors of a thread that it has opened itself.
    close: { return: "i32", arguments: ["i32"] },
    memfd_create: { return: "i32", arguments: ["string", "u32"] },
    ioctl: { return: "i32", arguments: ["i32", "u64", "pointer"] },
  });
  return {
    ...functions,
    pointer: (buffer: ArrayBuffer): bigint => ffi.getRawPointer(buffer),
    toArrayBuffer: (address: bigint, size: number): ArrayBuffer =>
      ffi.toArrayBuffer(address, size, false),
  };
}

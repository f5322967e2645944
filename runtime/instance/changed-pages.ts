import { readSync } from "node:fs";

export const pageBytes = 4096;

/** Gets offsets from where the search began. */
export type VisitPages = (offset: number, end: number) => void;

/**
 * Finds the pages of private file mappings and of anonymous memory that were written to since they
 * were mapped or discarded: those are anonymous pages, present or swapped out.
 */
export interface PageFinder {
  /**
   * Calls back for every range of such pages. Returns the count of pages, or undefined when the
   * kernel refused; some ranges may have been visited then.
   */
  changedPages(address: bigint, size: number, visit: VisitPages): number | undefined;
}

/** What the scan needs of the C library. */
export interface ScanNative {
  ioctl(file: number, request: bigint, argument: bigint): number;
  pointer(buffer: ArrayBuffer): bigint;
}

/** `ioctl` of /proc/self/pagemap since Linux 6.7 (Documentation/admin-guide/mm/pagemap.rst). */
const pagemapScan = 0xc060_6610n;
const pageIs = { file: 4n, present: 8n, swapped: 16n } as const;
/** `struct pm_scan_arg` as 64-bit words, by field. */
const scanWords = {
  size: 0,
  start: 2,
  end: 3,
  walkEnd: 4,
  vector: 5,
  vectorLength: 6,
  inverted: 8,
  mask: 9,
  anyOf: 10,
  returned: 11,
} as const;
const scanArgumentWords = 12;
/** `struct page_region`: start, end, categories. */
const regionWords = 3;
const regionsMax = 512;

/** Asks the kernel for ranges: the cost is that of walking the page table. */
export class PagemapScanner implements PageFinder {
  readonly #pagemap: number;
  readonly #native: ScanNative;
  readonly #argument = new BigUint64Array(scanArgumentWords);
  readonly #regions = new BigUint64Array(regionsMax * regionWords);
  readonly #pointer: bigint;

  /** `pagemap` is a descriptor of /proc/self/pagemap. */
  constructor(pagemap: number, native: ScanNative) {
    this.#pagemap = pagemap;
    this.#native = native;
    this.#pointer = native.pointer(this.#argument.buffer);
    const words = this.#argument;
    words[scanWords.size] = BigInt(scanArgumentWords * 8);
    words[scanWords.vector] = native.pointer(this.#regions.buffer);
    words[scanWords.vectorLength] = BigInt(regionsMax);
    words[scanWords.inverted] = pageIs.file;
    words[scanWords.mask] = pageIs.file;
    words[scanWords.anyOf] = pageIs.present | pageIs.swapped;
    words[scanWords.returned] = pageIs.present;
  }

  changedPages(address: bigint, size: number, visit: VisitPages): number | undefined {
    const words = this.#argument;
    const regions = this.#regions;
    const last = address + BigInt(size);
    words[scanWords.start] = address;
    words[scanWords.end] = last;
    let pages = 0;
    for (;;) {
      const count = this.#native.ioctl(this.#pagemap, pagemapScan, this.#pointer);
      if (count < 0) return undefined;
      for (let index = 0; index < count; index++) {
        const offset = Number((regions[index * regionWords] ?? 0n) - address);
        const end = Number((regions[index * regionWords + 1] ?? 0n) - address);
        visit(offset, end);
        pages += (end - offset) / pageBytes;
      }
      const reached = words[scanWords.walkEnd] ?? last;
      if (reached >= last) return pages;
      words[scanWords.start] = reached;
    }
  }
}

/** Of the high half of a page's 64-bit entry. */
const entryBits = { present: 0x8000_0000, swapped: 0x4000_0000, file: 0x2000_0000 } as const;
const entryBytes = 8;
const entriesPerRead = 8192;

/** Reads an entry for every page, for kernels that cannot be asked for ranges. */
export class PagemapReader implements PageFinder {
  readonly #pagemap: number;
  readonly #entries = new Uint32Array(entriesPerRead * 2);

  /** `pagemap` is a descriptor of /proc/self/pagemap. */
  constructor(pagemap: number) {
    this.#pagemap = pagemap;
  }

  changedPages(address: bigint, size: number, visit: VisitPages): number | undefined {
    const pages = size / pageBytes;
    const first = Number(address / BigInt(pageBytes));
    let changed = 0;
    let start: number | undefined;
    for (let page = 0; page < pages; page += entriesPerRead) {
      const count = Math.min(entriesPerRead, pages - page);
      if (!this.#read(first + page, count)) return undefined;
      for (let index = 0; index < count; index++) {
        if (isChanged(this.#entries[index * 2 + 1] ?? 0)) {
          start ??= page + index;
          changed++;
        } else if (start !== undefined) {
          visit(start * pageBytes, (page + index) * pageBytes);
          start = undefined;
        }
      }
    }
    if (start !== undefined) visit(start * pageBytes, size);
    return changed;
  }

  #read(firstPage: number, count: number): boolean {
    const length = count * entryBytes;
    const read = readSync(this.#pagemap, this.#entries, 0, length, firstPage * entryBytes);
    return read === length;
  }
}

function isChanged(entry: number): boolean {
  const isThere = (entry & (entryBits.present | entryBits.swapped)) !== 0;
  return isThere && (entry & entryBits.file) === 0;
}

import { randomUUID } from "node:crypto";
import { readlinkSync } from "node:fs";
import {
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { errorText } from "../error.ts";
import { type CacheEntry, decodeEntry, encodeEntry, type EntryIdentity } from "./cache-entry.ts";

export interface PrepareCacheOptions {
  /** Made when it is missing. */
  readonly directory: string;
  /** Everything that entries depend on beside the component: Whorl's version and the like. */
  readonly version: string;
  /** All entries together. */
  readonly bytesMax: number;
  /** Told why something could not be kept; the cache goes on without it. */
  onWarning?(message: string): void;
}

/** What was done while a lock was held. */
export interface Exclusive<T> {
  readonly result: T;
  /** Settles when the lock is given back; never rejects. */
  readonly released: Promise<void>;
}

const entrySuffix = ".whorl";
const temporarySuffix = ".tmp";
const lockSuffix = ".lock";
/** A temporary file older than this is of a process that died. */
const abandonedMs = 60_000;
/** A lock is touched so often by who holds it, and is of a process that died when it is older. */
const lockBeatMs = 1_000;
const lockMsMax = 5_000;
/** Nobody waits longer for another process to prepare something. */
const lockWaitMsMax = 60_000;
const lockPollMs = 20;
const settleMsMax = 5_000;

/**
 * Entries on disk, one file each, shared by processes. Nothing that goes wrong here is an error: an
 * entry that cannot be read is made again, one that cannot be written is not kept.
 */
export class PrepareCache {
  readonly #options: PrepareCacheOptions;
  readonly #unfinished = new Set<Promise<void>>();

  constructor(options: PrepareCacheOptions) {
    this.#options = options;
  }

  /** Undefined when there is none, or none that can be trusted; such a file is removed. */
  async read(key: string, kind: string): Promise<CacheEntry | undefined> {
    const path = this.#path(key, kind);
    try {
      const { buffer, byteOffset, length } = await readFile(path);
      const bytes = new Uint8Array(buffer, byteOffset, length);
      const entry = decodeEntry(bytes, this.#identity(key, kind));
      if (entry === undefined) {
        await rm(path, { force: true });
        return undefined;
      }
      await touch(path);
      return entry;
    } catch (error) {
      if (!isMissing(error)) this.#warn(`cannot read ${path}`, error);
      return undefined;
    }
  }

  /** Writes an entry whole or not at all, then removes the least recently used beyond the bound. */
  async write(key: string, kind: string, entry: CacheEntry): Promise<void> {
    const path = this.#path(key, kind);
    const bytes = entry.blobs.reduce((sum, { length }) => sum + length, 0);
    if (bytes > this.#options.bytesMax) return;
    const temporary = `${path}.${randomUUID()}${temporarySuffix}`;
    try {
      await mkdir(this.#options.directory, { recursive: true, mode: 0o700 });
      await writeFile(temporary, encodeEntry(this.#identity(key, kind), entry), { mode: 0o600 });
      await rename(temporary, path);
      await this.#evict();
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      this.#warn(`cannot write ${path}`, error);
    }
  }

  async remove(key: string, kind: string): Promise<void> {
    const path = this.#path(key, kind);
    await rm(path, { force: true }).catch((error: unknown) => {
      this.#warn(`cannot remove ${path}`, error);
    });
  }

  /**
   * Runs `work` while no other process does so for the same key. A lock is believed while its holder
   * lives and lets its event loop run; without one `work` runs all the same, since doing it twice is
   * only slower. The lock is held on until `rest` of the result settles, which never rejects.
   */
  async exclusively<T>(
    key: string,
    work: () => Promise<T>,
    rest: (result: T) => Promise<void> | undefined = () => undefined,
  ): Promise<Exclusive<T>> {
    const path = join(this.#options.directory, `${key}${lockSuffix}`);
    const isLocked = await this.#lock(path);
    const beat = isLocked ? setInterval(() => void touch(path), lockBeatMs) : undefined;
    const release = async (): Promise<void> => {
      clearInterval(beat);
      if (isLocked) await rm(path, { force: true }).catch(() => undefined);
    };
    try {
      const result = await work();
      const released = rest(result)?.then(release) ?? release();
      return { result, released: this.finishes(released) };
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** Work with this cache that nobody waits for, but a process that ends; it never rejects. */
  finishes(work: Promise<void>): Promise<void> {
    this.#unfinished.add(work);
    void work.then(() => this.#unfinished.delete(work));
    return work;
  }

  /** Settles when everything is written, or after some seconds: then the disk does not answer. */
  async settled(): Promise<void> {
    const patience = new AbortController();
    const given = delay(settleMsMax, undefined, { signal: patience.signal }).catch(() => undefined);
    const finished = async (): Promise<void> => {
      while (this.#unfinished.size > 0) await Promise.all(this.#unfinished);
      patience.abort();
    };
    await Promise.race([finished(), given]);
  }

  async #lock(path: string): Promise<boolean> {
    const deadline = Date.now() + lockWaitMsMax;
    while (Date.now() < deadline) {
      try {
        await mkdir(this.#options.directory, { recursive: true, mode: 0o700 });
        await using file = await open(path, "wx", 0o600);
        // Without room for it the lock is one all the same.
        await file.writeFile(ownMark()).catch(() => undefined);
        return true;
      } catch (error) {
        if ((error as { readonly code?: string }).code !== "EEXIST") return false;
        const isAbandoned = (await isOlder(path, lockMsMax)) || (await isOfTheDead(path));
        if (isAbandoned) await rm(path, { force: true });
        else await delay(lockPollMs);
      }
    }
    return false;
  }

  async #evict(): Promise<void> {
    const { directory, bytesMax } = this.#options;
    const entries: { path: string; bytes: number; usedMs: number }[] = [];
    for (const name of await readdir(directory)) {
      const path = join(directory, name);
      if (name.endsWith(temporarySuffix) && (await isOlder(path, abandonedMs))) {
        await rm(path, { force: true });
      }
      if (!name.endsWith(entrySuffix)) continue;
      const { size, mtimeMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }));
      entries.push({ path, bytes: size, usedMs: mtimeMs });
    }
    entries.sort((left, right) => right.usedMs - left.usedMs);
    let total = 0;
    for (const { path, bytes } of entries) {
      total += bytes;
      if (total > bytesMax) await rm(path, { force: true });
    }
  }

  #path(key: string, kind: string): string {
    return join(this.#options.directory, `${key}.${kind}${entrySuffix}`);
  }

  #identity(key: string, kind: string): EntryIdentity {
    return { key, kind, version: this.#options.version };
  }

  #warn(what: string, error: unknown): void {
    this.#options.onWarning?.(`prepare cache: ${what}: ${errorText(error)}`);
  }
}

/** Which process this is, as others of the same PID namespace see it. */
function ownMark(): string {
  return `${process.pid} ${pidNamespace()}`;
}

/** `""` where there are none. */
function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

/** Whether a lock is of a process of this namespace that has ended. */
async function isOfTheDead(path: string): Promise<boolean> {
  const [pid = "", namespace = ""] = await readFile(path, "utf8").then(
    (mark) => mark.split(" "),
    () => [],
  );
  if (namespace === "" || namespace !== pidNamespace()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as { readonly code?: string }).code === "ESRCH";
  }
}

/** Fails silently: whoever needs the time takes an older one. */
async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}

async function isOlder(path: string, ageMs: number): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > ageMs;
  } catch {
    // Gone already.
    return false;
  }
}

function isMissing(error: unknown): boolean {
  return (error as { readonly code?: string }).code === "ENOENT";
}

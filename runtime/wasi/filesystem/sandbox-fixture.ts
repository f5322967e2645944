import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WasiContext } from "../context.ts";
import { closedContext } from "../io/closed-context.ts";
import type { Descriptor } from "./descriptor.ts";
import type { DescriptorFlags } from "./descriptor.ts";
import type { OpenFlags } from "./open-at.ts";
import type { PathFlags } from "./path-operations.ts";
import { preopens } from "./preopens.ts";
import { types } from "./types.ts";

/** What tests of wasi:filesystem stand on: a real directory with an outside around it. */
export class SandboxFixture implements Disposable {
  /** Not reachable for the guest: holds `secret` and `inside`. */
  readonly outside = mkdtempSync(join(tmpdir(), "whorl-sandbox-"));
  readonly inside = join(this.outside, "inside");
  readonly context: WasiContext;
  readonly root: Descriptor;
  /** The same directory, read-only. */
  readonly readOnlyRoot: Descriptor;

  constructor() {
    mkdirSync(join(this.inside, "dir", "deep"), { recursive: true });
    writeFileSync(join(this.outside, "secret"), "secret");
    writeFileSync(join(this.inside, "file"), "hello");
    writeFileSync(join(this.inside, "dir", "nested"), "nested");
    this.link("file", "to-file");
    this.link("dir", "to-dir");
    this.link("nowhere", "dangling");
    this.context = closedContext({
      filesystem: {
        preopens: [
          { hostPath: this.inside, guestPath: "/", writable: true },
          { hostPath: this.inside, guestPath: "/ro", writable: false },
        ],
      },
    });
    const directories = preopens.functions["get-directories"]?.(this.context);
    const [first, second] = directories as [[Descriptor, string], [Descriptor, string]];
    this.root = first[0];
    this.readOnlyRoot = second[0];
  }

  link(target: string, name: string): void {
    symlinkSync(target, join(this.inside, name));
  }

  /** Calls a function of wasi:filesystem/types; `open-at` is a method of descriptor. */
  call(name: string, ...values: unknown[]): unknown {
    const run = types.functions[`[method]descriptor.${name}`] ?? types.functions[name];
    if (run === undefined) throw new Error(`no function ${name}`);
    return run(this.context, ...values);
  }

  /** Opens and returns the descriptor; throws the error-code. */
  open(path: string, how: Partial<OpenFlags & DescriptorFlags> = {}): Descriptor {
    const answer = this.call(
      "open-at",
      this.root,
      follow,
      path,
      { ...noOpenFlags, ...how },
      { ...readFlags, ...how },
    ) as { tag: "ok"; val: Descriptor } | { tag: "err"; val: string };
    if (answer.tag === "err") throw new Error(answer.val);
    return answer.val;
  }

  [Symbol.dispose](): void {
    this.root.dispose();
    this.readOnlyRoot.dispose();
    rmSync(this.outside, { recursive: true });
  }
}

export const follow: PathFlags = { symlinkFollow: true };
export const stay: PathFlags = { symlinkFollow: false };

export const noOpenFlags: OpenFlags = {
  create: false,
  directory: false,
  exclusive: false,
  truncate: false,
};

export const readFlags: DescriptorFlags = {
  read: true,
  write: false,
  fileIntegritySync: false,
  dataIntegritySync: false,
  requestedWriteSync: false,
  mutateDirectory: false,
};

export const writeFlags: DescriptorFlags = { ...readFlags, write: true };

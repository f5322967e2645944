import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { seatsFolder, sharedRoot } from "../host/protocol.ts";
import type { FrontKernel } from "./front-kernel.ts";
import type { SeatMount } from "./seat-volumes.ts";

/**
 * What a shared host sees of the node: nothing but what is mounted here, in its own mount view,
 * which nobody else sees and which ends with it. The host can only read where it is shown things:
 * the folders in between belong to root.
 */
export class HostView implements Disposable {
  readonly #kernel: FrontKernel;
  readonly #view: number;

  /** Of a process that has entered its own view already. */
  constructor(kernel: FrontKernel, pid: number) {
    this.#kernel = kernel;
    this.#view = openSync(`/proc/${pid}/ns/mnt`, "r");
  }

  /**
   * Shows all of these, or none of them.
   * @throws ShimError `internal` naming what cannot be shown
   */
  show(folder: string, mounts: readonly SeatMount[]): void {
    using taken = new DisposableStack();
    const cloned = mounts.map((mount) => {
      const { source, isReadOnly } = mount;
      return { mount, fd: taken.adopt(this.#kernel.cloneMount(source, { isReadOnly }), closeSync) };
    });
    this.#kernel.inView(this.#view, () => {
      mkdirSync(inView(folder), { recursive: true, mode: 0o755 });
      for (const { mount, fd } of cloned) this.#attach(mount, fd);
    });
  }

  /** Hides a seat's folder with everything that is mounted below it. */
  hide(folder: string, mounts: readonly SeatMount[]): void {
    this.#kernel.inView(this.#view, () => {
      for (const { target } of mounts.toReversed()) this.#kernel.detachMount(inView(target));
      // One by one: what may be in a folder that is still mounted is not ours to remove.
      const targets = mounts.map(({ target }) => target);
      const folders = [...new Set([...targets.map((target) => dirname(target)), folder])];
      for (const path of [...targets, ...folders.toSorted(longestFirst)]) remove(inView(path));
    });
  }

  [Symbol.dispose](): void {
    closeSync(this.#view);
  }

  #attach({ target, isDirectory }: SeatMount, fd: number): void {
    const path = inView(target);
    mkdirSync(isDirectory ? path : dirname(path), { recursive: true, mode: 0o755 });
    if (!isDirectory) writeFileSync(path, "");
    this.#kernel.attachMount(fd, path);
  }
}

function longestFirst(left: string, right: string): number {
  return right.length - left.length;
}

function remove(path: string): void {
  try {
    if (lstatSync(path).isDirectory()) rmdirSync(path);
    else unlinkSync(path);
  } catch {
    // It is gone with the host at the latest.
  }
}

/** Folder of a seat, as its host sees it. */
export function seatFolder(seat: string): string {
  return join(seatsFolder, seat);
}

function inView(path: string): string {
  return join(sharedRoot, path);
}

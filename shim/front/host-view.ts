import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { ShimError } from "../error.ts";
import { seatsFolder } from "../host/protocol.ts";
import type { FrontKernel, MountView } from "./front-kernel.ts";
import type { SeatMount } from "./seat-volumes.ts";

/**
 * What a shared host sees of the node: nothing but what is mounted here, in its own mount view,
 * which nobody else sees and which ends with it. The host can only read where it is shown things:
 * the folders in between belong to root.
 */
export class HostView implements Disposable {
  readonly #kernel: FrontKernel;
  readonly #view: MountView;

  /**
   * Of a process that has entered its own view and root already.
   * @throws ShimError `internal` if its view is the node's own, where nothing may be mounted
   */
  constructor(kernel: FrontKernel, pid: number) {
    this.#kernel = kernel;
    using opened = new DisposableStack();
    const open = (name: string): number =>
      opened.adopt(openSync(`/proc/${pid}/${name}`, "r"), closeSync);
    this.#view = { mounts: open("ns/mnt"), root: open("root") };
    if (fstatSync(this.#view.mounts).ino === statSync("/proc/self/ns/mnt").ino) {
      throw new ShimError("internal", `process ${pid} has no mounts of its own`);
    }
    opened.move();
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
      mkdirSync(folder, { recursive: true, mode: 0o755 });
      for (const { mount, fd } of cloned) this.#attach(mount, fd);
    });
  }

  /** Hides a seat's folder with everything that is mounted below it. */
  hide(folder: string, mounts: readonly SeatMount[]): void {
    this.#kernel.inView(this.#view, () => {
      for (const { target } of mounts.toReversed()) this.#kernel.detachMount(target);
      // One by one: what may be in a folder that is still mounted is not ours to remove.
      const targets = mounts.map(({ target }) => target);
      const folders = [...new Set([...targets.map((target) => dirname(target)), folder])];
      for (const path of [...targets, ...folders.toSorted(longestFirst)]) remove(path);
    });
  }

  [Symbol.dispose](): void {
    closeSync(this.#view.mounts);
    closeSync(this.#view.root);
  }

  #attach({ target, isDirectory }: SeatMount, fd: number): void {
    mkdirSync(isDirectory ? target : dirname(target), { recursive: true, mode: 0o755 });
    if (!isDirectory) writeFileSync(target, "");
    this.#kernel.attachMount(fd, target);
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

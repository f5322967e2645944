import { closeSync } from "node:fs";
import { ShimError } from "../error.ts";
import type { Kernel } from "./kernel.ts";

/**
 * Descriptors that the front passes. It sends them before the command that names their message, so
 * that they are always there when they are asked for.
 */
export class DescriptorChannel {
  readonly #kernel: Pick<Kernel, "receiveDescriptors">;
  readonly #fd: number;
  readonly #waiting = new Map<string, readonly number[]>();

  constructor(kernel: Pick<Kernel, "receiveDescriptors">, fd: number) {
    this.#kernel = kernel;
    this.#fd = fd;
  }

  /**
   * The descriptors of a message; whoever takes them closes them.
   * @throws ShimError `internal` if there is no such message
   */
  take(message: string): readonly number[] {
    for (let found = this.#next(); found !== undefined; found = this.#next()) {
      this.#waiting.set(found.text, found.descriptors);
    }
    const descriptors = this.#waiting.get(message);
    if (descriptors === undefined) {
      throw new ShimError("internal", `the descriptors of message ${message} did not arrive`);
    }
    this.#waiting.delete(message);
    return descriptors;
  }

  /** As {@link take}, for what nobody needs any more. */
  drop(message: string): void {
    for (const fd of this.take(message)) closeSync(fd);
  }

  #next(): ReturnType<Kernel["receiveDescriptors"]> {
    return this.#kernel.receiveDescriptors(this.#fd);
  }
}

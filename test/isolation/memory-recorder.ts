import type { InstanceLease, InstancePool } from "../../runtime/instance/instance-pool.ts";

/** Knows which memories belong to which instance: all are made by the host (host-imports.ts). */
export class MemoryRecorder implements Disposable {
  readonly #original = WebAssembly.Memory;
  readonly #memories = new WeakMap<object, WebAssembly.Memory[]>();
  #made: WebAssembly.Memory[] = [];

  constructor() {
    const note = (memory: WebAssembly.Memory): void => void this.#made.push(memory);
    WebAssembly.Memory = class extends this.#original {
      constructor(descriptor: ConstructorParameters<typeof WebAssembly.Memory>[0]) {
        super(descriptor);
        if (descriptor.shared !== true) note(this);
      }
    };
  }

  take<C>(pool: InstancePool<C>, context: C): InstanceLease<C> {
    this.#made = [];
    const lease = pool.take(context);
    if (this.#made.length > 0) this.#memories.set(lease.instance, this.#made);
    return lease;
  }

  /** Whether any byte of the instance's memories, to the end of what has grown, is of the text. */
  holds<C>(lease: InstanceLease<C>, text: string): boolean {
    const memories = this.#memories.get(lease.instance) ?? [];
    if (memories.length === 0) throw new Error("the instance has no memory that is known");
    return memories.some(({ buffer }) => Buffer.from(buffer).includes(text));
  }

  [Symbol.dispose](): void {
    WebAssembly.Memory = this.#original;
  }
}

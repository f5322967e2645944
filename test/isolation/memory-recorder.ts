import type { InstanceLease } from "../../runtime/instance/instance-lease.ts";
import type { InstancePool } from "../../runtime/instance/instance-pool.ts";

type Imports = Readonly<Record<string, Record<string, unknown>>>;

/**
 * Knows which memories belong to which instance: core instances get all of theirs from the host
 * (host-imports.ts), new ones and such as another instance has given up.
 */
export class MemoryRecorder implements Disposable {
  readonly #original = WebAssembly.Instance;
  readonly #memories = new WeakMap<object, ReadonlySet<WebAssembly.Memory>>();
  #given = new Set<WebAssembly.Memory>();

  constructor() {
    const note = (item: unknown): void => {
      if (!(item instanceof WebAssembly.Memory)) return;
      // The page that tells a guest to stop is shared, and the host's.
      if (!(item.buffer instanceof SharedArrayBuffer)) this.#given.add(item);
    };
    WebAssembly.Instance = class extends this.#original {
      constructor(module: WebAssembly.Module, imports: Imports = {}) {
        super(module, imports);
        for (const items of Object.values(imports)) Object.values(items).forEach(note);
      }
    };
  }

  take<C>(pool: InstancePool<C>, context: C): InstanceLease<C> {
    this.#given = new Set();
    const lease = pool.take(context);
    if (this.#given.size > 0) this.#memories.set(lease.instance, this.#given);
    return lease;
  }

  /** Whether any byte of the instance's memories, to the end of what has grown, is of the text. */
  holds<C>(lease: InstanceLease<C>, text: string): boolean {
    const memories = [...(this.#memories.get(lease.instance) ?? [])];
    if (memories.length === 0) throw new Error("the instance has no memory that is known");
    return memories.some(({ buffer }) => Buffer.from(buffer).includes(text));
  }

  [Symbol.dispose](): void {
    WebAssembly.Instance = this.#original;
  }
}

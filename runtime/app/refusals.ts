import { limits } from "../limits.ts";
import type { OutboundHosts } from "./outbound-hosts.ts";

/** Tells what a component asks for and may not have: each thing once, and not too many of them. */
export class Refusals {
  readonly #component: string;
  readonly #warn: (message: string) => void;
  readonly #told = new Set<string>();

  constructor(component: string, warn: (message: string) => void) {
    this.#component = component;
    this.#warn = warn;
  }

  /** `named` comes from the guest: it is quoted, and cut where it is long. */
  tell(what: string, named: string, remedy: string): void {
    if (this.#told.size >= limits.refusalsToldMax) return;
    const message = `${what} ${JSON.stringify(named.slice(0, limits.refusalCharsMax))}: ${remedy}`;
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#warn(`component "${this.#component}" ${message}`);
  }

  /** The same hosts; whoever is refused one is told of. */
  hosts(hosts: OutboundHosts): OutboundHosts {
    const remedy = "add it to its allowed_outbound_hosts";
    return {
      allows: (scheme, host, port) => {
        if (hosts.allows(scheme, host, port)) return true;
        const authority = port === undefined ? host : `${host}:${port}`;
        this.tell("may not reach", `${scheme}://${authority}`, remedy);
        return false;
      },
      allowsSelf: (scheme) => {
        if (hosts.allowsSelf(scheme)) return true;
        this.tell("may not reach", `${scheme}://self`, remedy);
        return false;
      },
    };
  }

  /** The names that a component lists under a key of the manifest. */
  names(key: string, allowed: readonly string[]): ReadonlySet<string> {
    return new ToldNames(allowed, (name) =>
      this.tell("may not use", name, `add the name to its ${key}`),
    );
  }
}

/** Says which name was asked for in vain. */
class ToldNames extends Set<string> {
  readonly #onMissing: (name: string) => void;

  constructor(names: readonly string[], onMissing: (name: string) => void) {
    super(names);
    this.#onMissing = onMissing;
  }

  override has(name: string): boolean {
    if (super.has(name)) return true;
    this.#onMissing(name);
    return false;
  }
}

import { spawnSync } from "node:child_process";
import { ip } from "../servers/node-machine.ts";
import type { NodePlace } from "../servers/node-files.ts";

/** The cables between this machine and its nodes: one bridge, gone when it is disposed. */
export class ClusterNetwork implements Disposable {
  readonly bridge: string;
  /** This machine, for nodes and pods. */
  readonly gateway: string;
  /** Addresses of Services. */
  readonly services: string;
  readonly #places: readonly NodePlace[];

  constructor(nodes: number) {
    const number = process.pid;
    this.bridge = `wc${number.toString(36)}`;
    const prefix = `10.${150 + (number % 100)}`;
    this.gateway = `${prefix}.0.1`;
    this.services = `${prefix}.128.0/17`;
    const places = Array.from({ length: nodes }, (_, index) =>
      nodePlace(this.gateway, { number: index + 1, name: `node-${index + 1}` }),
    );
    this.#places = places.map((place) => ({
      ...place,
      routes: places
        .filter(({ name }) => name !== place.name)
        .map(({ pods, address }) => ({ pods, via: address })),
    }));
  }

  get places(): readonly NodePlace[] {
    return this.#places;
  }

  /** Makes the bridge, and the ways from this machine to pods and Services. */
  open(): void {
    ip("link", "add", this.bridge, "type", "bridge");
    ip("addr", "add", `${this.gateway}/24`, "dev", this.bridge);
    ip("link", "set", this.bridge, "up");
    for (const { pods, address } of this.#places) {
      ip("route", "add", pods, "via", address, "dev", this.bridge);
    }
    const [first] = this.#places;
    if (first !== undefined) {
      ip("route", "add", this.services, "via", first.address, "dev", this.bridge);
    }
  }

  [Symbol.dispose](): void {
    spawnSync("ip", ["link", "del", this.bridge]);
  }
}

/** Where a node is in the network behind a gateway: nodes count from 1. */
export function nodePlace(
  gateway: string,
  { number, name }: { readonly number: number; readonly name: string },
): NodePlace {
  const prefix = gateway.replace(/\.0\.1$/, "");
  return {
    name,
    address: `${prefix}.0.${10 + number}`,
    gateway,
    pods: `${prefix}.${number}.0/24`,
    routes: [],
  };
}

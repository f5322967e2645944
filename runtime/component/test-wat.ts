import { parse } from "@bytecodealliance/jco";
import { linkComponent } from "./link.ts";
import type { Plan } from "./plan.ts";

/** Component text to binary, for tests. */
export async function encode(wat: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await parse(wat));
}

/** Component text to plan, for tests. */
export async function link(wat: string): Promise<Plan> {
  return linkComponent(await encode(wat));
}

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A value as `wasm-tools json-from-wast` writes it. */
export interface ScriptValue {
  readonly type: string;
  readonly value: unknown;
}

export interface Action {
  readonly type: string;
  /** Instance to call; the last one made when absent. */
  readonly module?: string;
  readonly field: string;
  readonly args: readonly ScriptValue[];
}

/** One command of a script; which members are there depends on its type. */
export interface Command {
  readonly type: string;
  readonly line: number;
  readonly name?: string;
  readonly filename?: string;
  readonly module_type?: "binary" | "text";
  readonly instance?: string;
  readonly module?: string;
  readonly action?: Action;
  readonly expected?: readonly ScriptValue[];
  /** Part of the message that the reference implementation gives. */
  readonly text?: string;
}

/** A wast script in the form of `wasm-tools json-from-wast`, with the files beside it. */
export class Script {
  readonly commands: readonly Command[];
  readonly #folder: string;

  constructor(path: string) {
    this.#folder = dirname(path);
    const { commands } = JSON.parse(readFileSync(path, "utf8")) as { commands: Command[] };
    this.commands = commands;
  }

  bytes(filename: string): Uint8Array<ArrayBuffer> {
    return new Uint8Array(readFileSync(join(this.#folder, filename)));
  }
}

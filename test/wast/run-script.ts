import { parse } from "@bytecodealliance/jco";
import { decodeComponent } from "../../runtime/component/decode.ts";
import { checkRoot } from "../../runtime/component/link.ts";
import type { LiftedFunction } from "../../runtime/component/plan.ts";
import { errorText, WhorlError } from "../../runtime/error.ts";
import { Instance } from "../../runtime/instance/instance.ts";
import { type LinkedComponent, Linker } from "../../runtime/instance/linker.ts";
import { type PreparedComponent, prepareComponent } from "../../runtime/prepare/prepare.ts";
import type { Action, Command, Script } from "./script.ts";
import { hostValue, isSame } from "./values.ts";

export type Outcome =
  | { readonly kind: "passed" }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "unsupported"; readonly reason: string };

export interface CommandOutcome {
  readonly command: Command;
  readonly outcome: Outcome;
}

const passed: Outcome = { kind: "passed" };

function failed(reason: string): Outcome {
  return { kind: "failed", reason };
}

/** Longer than any script's command needs; a guest that hangs would hang the whole run. */
const commandMsMax = 5_000;

/** Runs a script in an engine of its own; the outcome of every command, in order. */
export async function runScript(script: Script): Promise<CommandOutcome[]> {
  const runner = new ScriptRunner(script);
  const outcomes: CommandOutcome[] = [];
  for (const command of script.commands) {
    outcomes.push({ command, outcome: await runner.run(command) });
  }
  runner.end();
  return outcomes;
}

class ScriptRunner {
  readonly #script: Script;
  readonly #linker = new Linker<undefined>([]);
  readonly #definitions = new Map<string, PreparedComponent>();
  readonly #instances = new Map<string, Instance<undefined>>();
  readonly #plans = new Map<Instance<undefined>, LinkedComponent<undefined>>();
  #current: Instance<undefined> | undefined;

  constructor(script: Script) {
    this.#script = script;
  }

  async run(command: Command): Promise<Outcome> {
    try {
      return await this.#run(command);
    } catch (error) {
      if (error instanceof WhorlError && error.code === "unsupported") {
        return { kind: "unsupported", reason: errorText(error) };
      }
      return failed(errorText(error));
    }
  }

  async #run(command: Command): Promise<Outcome> {
    switch (command.type) {
      case "module":
        this.#instantiate(await this.#prepare(command), command.name);
        return passed;
      case "module_definition":
        return await this.#define(command);
      case "module_instance": {
        const definition = this.#definitions.get(command.module ?? "");
        if (definition === undefined) return failed(`no definition ${command.module}`);
        this.#instantiate(definition, command.instance);
        return passed;
      }
      case "action":
        await this.#call(command.action);
        return passed;
      case "assert_return":
        return await this.#assertReturn(command);
      case "assert_trap":
        return await this.#assertTrap(command);
      case "assert_invalid":
      case "assert_malformed":
        return await this.#assertRefused(command);
      case "assert_uninstantiable":
        return await this.#assertUninstantiable(command);
      default:
        return { kind: "unsupported", reason: `command ${command.type}` };
    }
  }

  /** A definition has to be valid; a host that has what it imports is needed to instantiate it. */
  async #define(command: Command): Promise<Outcome> {
    try {
      this.#definitions.set(command.name ?? "", await this.#prepare(command));
    } catch (error) {
      if (!(error instanceof WhorlError) || error.code !== "unsupported") throw error;
      const syntax = decodeComponent(this.#script.bytes(command.filename ?? ""));
      // Throws as well where what is not supported keeps it from being checked.
      checkRoot({ kind: "component", syntax, outer: undefined });
    }
    return passed;
  }

  #prepare({ filename }: Command): Promise<PreparedComponent> {
    return prepareComponent(this.#script.bytes(filename ?? ""));
  }

  #instantiate(prepared: PreparedComponent, name: string | undefined): void {
    const linked = this.#linker.link(prepared);
    const instance = new Instance(linked, undefined);
    instance.resume(undefined);
    this.#plans.set(instance, linked);
    this.#current = instance;
    if (name !== undefined) this.#instances.set(name, instance);
  }

  async #call(action: Action | undefined): Promise<{ value: unknown; lifted: LiftedFunction }> {
    const name = action?.module;
    const instance = name === undefined ? this.#current : this.#instances.get(name);
    const linked = instance === undefined ? undefined : this.#plans.get(instance);
    const found = linked?.plan.exports.get(action?.field ?? "");
    if (instance === undefined || found?.kind !== "func" || found.function.kind !== "lift") {
      throw new Error(`no function ${action?.field} to call`);
    }
    const lifted = found.function;
    const args = lifted.type.params.map(({ type }, index) => hostValue(type, action?.args[index]));
    const value = await withTimeout(instance.lifted(lifted)(...args));
    return { value, lifted };
  }

  async #assertReturn({ action, expected }: Command): Promise<Outcome> {
    const { value, lifted } = await this.#call(action);
    const wanted = hostValue(lifted.type.result, expected?.[0]);
    if (isSame(value, wanted)) return passed;
    return failed(`returned ${show(value)} instead of ${show(wanted)}`);
  }

  async #assertTrap({ action, text }: Command): Promise<Outcome> {
    try {
      const { value } = await this.#call(action);
      return failed(`returned ${show(value)} instead of trapping: ${text}`);
    } catch (error) {
      if (error instanceof WhorlError && error.code === "trap") return passed;
      if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) return passed;
      if (isWebAssemblyFailure(error)) return passed;
      return failed(`${errorText(error)} instead of the trap: ${text}`);
    }
  }

  async #assertRefused({ filename, module_type: type, text }: Command): Promise<Outcome> {
    const bytes = this.#script.bytes(filename ?? "");
    try {
      const binary = type === "text" ? await parse(new TextDecoder().decode(bytes)) : bytes;
      await prepareComponent(new Uint8Array(binary));
    } catch (error) {
      if (error instanceof WhorlError && error.code === "unsupported") {
        return { kind: "unsupported", reason: errorText(error) };
      }
      return passed;
    }
    return failed(`was accepted; should be refused: ${text}`);
  }

  async #assertUninstantiable(command: Command): Promise<Outcome> {
    const prepared = await this.#prepare(command);
    try {
      this.#instantiate(prepared, undefined);
    } catch {
      return passed;
    }
    return failed(`was instantiated; should trap: ${command.text}`);
  }

  end(): void {
    for (const instance of this.#plans.keys()) instance.end();
  }
}

/** Exceptions and failed suspensions have classes of their own. */
function isWebAssemblyFailure(error: unknown): boolean {
  const name = Object.prototype.toString.call(error);
  return name.includes("WebAssembly") || (error instanceof Error && error.name === "SuspendError");
}

async function withTimeout(value: unknown): Promise<unknown> {
  if (!(value instanceof Promise)) return value;
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`no result after ${commandMsMax} ms`)),
    commandMsMax,
  );
  try {
    return await Promise.race([value, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function show(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === "bigint" ? `${each}n` : each,
  );
}

import { Refusals } from "../../app/refusals.ts";
import type { HostInterface } from "../../instance/host-interface.ts";
import { llmV1, llmV2 } from "../../spin/llm/llm.ts";
import { llmEngine } from "../../spin/llm/remote-engine.ts";
import type { GuestContext } from "../guest-context.ts";
import type { GuestService, GuestServiceOptions } from "./guest-service.ts";

/** fermyon:spin/llm. */
export const llmInterfaces: readonly HostInterface<GuestContext>[] = [llmV1, llmV2];

/** Opens the service of {@link llmInterfaces}. */
export function openLlmService(options: GuestServiceOptions): GuestService {
  const engine = llmEngine(options.runtimeConfig.llmCompute, options.dispatcher);
  const allowed = new Map<string, ReadonlySet<string>>();
  return {
    interfaces: llmInterfaces,
    newScope: ({ id, aiModels }) => {
      let models = allowed.get(id);
      if (models === undefined) {
        models = new Refusals(id, options.onWarning).names("ai_models", aiModels);
        allowed.set(id, models);
      }
      return { llm: { allowed: models, engine } };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

import { llmV1, llmV2 } from "../../spin/llm/llm.ts";
import { llmEngine } from "../../spin/llm/remote-engine.ts";
import type { GuestService, GuestServiceOptions } from "./guest-service.ts";

/** fermyon:spin/llm. */
export function openLlmService({ runtimeConfig, dispatcher }: GuestServiceOptions): GuestService {
  const engine = llmEngine(runtimeConfig.llmCompute, dispatcher);
  return {
    interfaces: [llmV1, llmV2],
    newScope: ({ aiModels }) => ({ llm: { allowed: new Set(aiModels), engine } }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

import type { HostInterface } from "../../instance/host-interface.ts";
import { llmV1, llmV2 } from "../../spin/llm/llm.ts";
import { llmEngine } from "../../spin/llm/remote-engine.ts";
import type { GuestContext } from "../guest-context.ts";
import type { GuestService, GuestServiceOptions } from "./guest-service.ts";

/** fermyon:spin/llm. */
export const llmInterfaces: readonly HostInterface<GuestContext>[] = [llmV1, llmV2];

/** Opens the service of {@link llmInterfaces}. */
export function openLlmService({ runtimeConfig, dispatcher }: GuestServiceOptions): GuestService {
  const engine = llmEngine(runtimeConfig.llmCompute, dispatcher);
  return {
    interfaces: llmInterfaces,
    newScope: ({ aiModels }) => ({ llm: { allowed: new Set(aiModels), engine } }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

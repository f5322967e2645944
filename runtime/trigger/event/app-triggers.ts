import type { App, EventTrigger } from "../../app/app.ts";
import { eventSource } from "../../app/event-source.ts";
import { WhorlError } from "../../error.ts";
import { noTelemetry } from "../../telemetry/no-telemetry.ts";
import type { HandlerTelemetry } from "../../telemetry/telemetry.ts";
import type { LoadedComponents } from "../load-components.ts";
import type { LoadedComponent } from "../loaded-component.ts";
import type { StartOptions } from "../running-app.ts";
import { eventHandler } from "./event-handler.ts";
import type { TriggerServices } from "./running-trigger.ts";

/** What triggers get from an app whose components are loaded here. */
export interface AppTriggerServices extends TriggerServices {
  /** Throws for the id of a component that was not loaded. */
  component(id: string): LoadedComponent;
  /** What is counted and traced for one trigger. */
  telemetry(trigger: EventTrigger): HandlerTelemetry;
}

export function appTriggerServices(
  app: App,
  components: LoadedComponents,
  { telemetry = noTelemetry, ...options }: StartOptions,
): AppTriggerServices {
  const services: Omit<AppTriggerServices, "handler"> = {
    telemetry: (trigger) =>
      telemetry.handler({
        app: app.name,
        component: trigger.component,
        trigger: trigger.kind,
        route: eventSource(trigger) ?? "",
      }),
    component(id) {
      const found = components.byId.get(id);
      if (found === undefined) throw new WhorlError("manifest", `there is no component "${id}"`);
      return found;
    },
    log: { warn: options.onWarning, error: options.onError },
  };
  return {
    ...services,
    handler: (trigger, wish) =>
      eventHandler(services.component(trigger.component), wish, services.telemetry(trigger)),
  };
}

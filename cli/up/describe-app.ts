import type { App, EventTrigger, HttpTrigger } from "../../runtime/app/app.ts";
import { eventSource } from "../../runtime/app/event-source.ts";
import type { AppDescription } from "../../runtime/telemetry/admin/process-view.ts";
import type { Trigger } from "../../runtime/telemetry/admin/console-api.ts";

/** What the console tells of an app. Without credentials, which addresses may have. */
export function describeApp(app: App, url: string | undefined): AppDescription {
  const { name, version, description, warnings } = app;
  return {
    name,
    ...(version === undefined ? {} : { version }),
    ...(description === undefined ? {} : { description }),
    ...(url === undefined ? {} : { url }),
    warnings,
    components: [...app.components.values()].map(({ id, sourcePath }) => ({
      id,
      source: sourcePath,
    })),
    triggers: [...app.httpTriggers.map(httpTrigger), ...app.eventTriggers.map(eventTrigger)],
  };
}

function httpTrigger({ id, route, target }: HttpTrigger): Trigger {
  const component = target.kind === "component" ? { component: target.component } : {};
  return { kind: "http", id, ...component, ...(route === undefined ? {} : { source: route }) };
}

function eventTrigger(trigger: EventTrigger): Trigger {
  const { kind, id, component } = trigger;
  const source = eventSource(trigger);
  return { kind, id, component, ...(source === undefined ? {} : { source }) };
}

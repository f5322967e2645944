import { WhorlError } from "../error.ts";
import type { App, AppComponent, EventTrigger } from "./app.ts";
import { isSwitchedOff } from "./outbound-hosts.ts";
import type { VariableResolver } from "./variable-resolver.ts";

/**
 * The app with the values of its variables in everything that is fixed for as long as it runs:
 * allowed hosts and the settings of triggers. What components read as variables stays a template,
 * so that a changed secret is seen. Rejects with WhorlError `manifest`.
 */
export async function resolveApp(app: App, resolver: VariableResolver): Promise<App> {
  const components = await Promise.all(
    [...app.components].map(
      async ([id, component]) => [id, await resolveComponent(component, resolver)] as const,
    ),
  );
  const eventTriggers = await Promise.all(
    app.eventTriggers.map(async (trigger) => resolveTrigger(trigger, resolver)),
  );
  return { ...app, components: new Map(components), eventTriggers };
}

async function resolveComponent(
  component: AppComponent,
  resolver: VariableResolver,
): Promise<AppComponent> {
  const allowedOutboundHosts: string[] = [];
  for (const entry of component.allowedOutboundHosts) {
    const place = `allowed_outbound_hosts of component "${component.id}"`;
    const text = await resolveText(entry, place, resolver);
    if (text === entry || !isSwitchedOff(text)) allowedOutboundHosts.push(text);
  }
  return { ...component, allowedOutboundHosts };
}

async function resolveTrigger(
  trigger: EventTrigger,
  resolver: VariableResolver,
): Promise<EventTrigger> {
  const texts = await Promise.all(
    Object.entries(trigger).map(async ([key, value]: [string, unknown]) => [
      key,
      typeof value === "string"
        ? await resolveText(value, `trigger "${trigger.id}"`, resolver)
        : value,
    ]),
  );
  return Object.fromEntries(texts) as EventTrigger;
}

async function resolveText(
  text: string,
  place: string,
  resolver: VariableResolver,
): Promise<string> {
  if (!text.includes("{{")) return text;
  try {
    return await resolver.resolve(resolver.parse(text));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WhorlError("manifest", `${place}: ${reason}`, { cause: error });
  }
}

import type { App } from "../../app/app.ts";
import type { WarmSettings, WarmShare } from "../../app/warm-settings.ts";
import { errorText, WhorlError } from "../../error.ts";
import type { Instance } from "../../instance/instance.ts";
import type { Warmth } from "../../instance/instance-pool.ts";
import { limits } from "../../limits.ts";
import { noInvocation } from "../../telemetry/no-telemetry.ts";
import type { WarmAsked } from "../../wasi/warm-context.ts";
import { handlerExecutor } from "../executor/http-executors.ts";
import { isolated } from "../executor/reused-instances.ts";
import { disposeContext } from "../guest-context.ts";
import type { GuestContext } from "../guest-context.ts";
import type { LoadedComponent } from "../loaded-component.ts";
import { WarmCallee } from "./warm-callee.ts";
import { WarmExchanges } from "./warm-exchange.ts";
import { warmGuestContext } from "./warm-guest-context.ts";
import { WarmSink } from "./warm-sink.ts";

/** What has to be permitted for a guest that was given this. */
const shareOf: Readonly<Partial<Record<WarmAsked, WarmShare>>> = {
  "random numbers": "random",
  "the time": "time",
};

/**
 * Warms up the components that are to be, each before its first request. One that cannot be begins
 * cold, and `onWarning` is told why.
 */
export async function warmComponents(
  app: App,
  loaded: ReadonlyMap<string, LoadedComponent>,
  onWarning: (message: string) => void,
): Promise<void> {
  for (const [id, component] of loaded) {
    const settings = app.components.get(id)?.warm;
    if (settings === undefined) continue;
    const warmth = await warmUp(component, settings, new WarmExchanges(app.httpTriggers));
    if (warmth.kind === "cold") {
      onWarning(`component "${id}" begins cold, it cannot be warmed up: ${warmth.reason}`);
    }
  }
}

async function warmUp(
  component: LoadedComponent,
  settings: WarmSettings,
  exchanges: WarmExchanges,
): Promise<Warmth> {
  const own = component.newContext({});
  const { context, asked, lastLine } = warmGuestContext(own);
  const drive = async (instance: Instance<GuestContext>): Promise<void> => {
    const executor = handlerExecutor(new WarmCallee(component, instance), isolated);
    for (const request of settings.requests) {
      const sink = new WarmSink();
      const exchange = exchanges.to(component.id, request);
      await inTime(instance, executor.handle(exchange, sink, noInvocation));
      sink.check();
    }
  };
  try {
    const warmth = await component.warmUp({
      context,
      drive,
      asked: () => notShared(asked(), settings.shares),
    });
    const line = lastLine();
    const isGiven = notShared(asked(), settings.shares).length > 0;
    // What it writes on its good way explains nothing.
    if (warmth.kind === "warm" || line === undefined || isGiven) return warmth;
    return { kind: "cold", reason: `${warmth.reason} (it wrote: ${line})` };
  } catch (error) {
    // As where an instance is made before the first request: that one will tell the client.
    return { kind: "cold", reason: errorText(error) };
  } finally {
    disposeContext(own);
  }
}

/** Lets an instance go that does not answer. */
async function inTime(instance: Instance<GuestContext>, answer: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const failure = new WhorlError("limit", `it took longer than ${limits.warmUpMsMax} ms`);
    instance.fail(failure);
    reject(failure);
  }, limits.warmUpMsMax);
  try {
    await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
    // What is not waited for any more may fail.
    answer.catch(() => undefined);
  }
}

/** As sentences: what the guest was given that its instances may not have in common. */
function notShared(asked: readonly WarmAsked[], shares: readonly WarmShare[]): readonly string[] {
  return asked.flatMap((what) => {
    const share = shareOf[what];
    if (share === undefined) return [`no answer about ${what}`];
    if (shares.includes(share)) return [];
    return [`${what} (which would repeat in every instance; permit it with "${share}")`];
  });
}
